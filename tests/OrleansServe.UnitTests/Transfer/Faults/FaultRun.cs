using System.Globalization;
using OrleansServe.Engine.Kv;
using OrleansServe.Transfer.Wire;

namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>
/// One run: a gateway, a prefill and a decode silo with real workers over a wire on which things go wrong, a few requests, and afterwards the question whether all answers are
/// right and everything has been given back. Needs a thread pool of one thread: then everything happens in an order that depends on the seed alone, and the
/// clock moves only when nothing else is left to do.
/// </summary>
internal sealed class FaultRun : IWireObserver
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly Random _random;
    private readonly FaultTime _time = new();
    private readonly FaultWire _wire;
    private readonly KvLayout _layout;
    private readonly List<FaultNode> _dead = [];
    private readonly List<FaultSession> _sessions = [];
    private readonly Dictionary<string, FaultDesk> _desks = [];
    private readonly List<string>? _trace;
    private ulong _incarnations;
    private ulong _digest;
    private string? _fault;

    /// <param name="script">What goes wrong.</param>
    /// <param name="random">Draws all else.</param>
    /// <param name="trace">Receives what happens; null where only its digest is wanted.</param>
    public FaultRun(FaultScript script, Random random, List<string>? trace = null)
    {
        Script = script;
        _random = random;
        _trace = trace;
        _wire = new FaultWire(_time, random, OnStep);
        _layout = new KvLayout { Layers = random.Next(1, 4), LatentWidth = random.Next(5) == 0 ? 128 : 2, RopeWidth = 4 };
        Gateway = Start("g");
        Prefill = Start("p");
        Decode = Start("d");
    }

    public FaultScript Script { get; }

    public FaultNode Gateway { get; private set; }

    public FaultNode Prefill { get; private set; }

    public FaultNode Decode { get; private set; }

    public TimeProvider Time => _time;

    /// <summary>Changes with everything that happens, and when.</summary>
    public ulong Digest => _digest;

    /// <summary>Somebody has left without a word: what he held is given back when tickets expire.</summary>
    public bool IsAbandoned { get; set; }

    private FaultNode[] Living => [Gateway, Prefill, Decode];

    /// <summary>Runs it.</summary>
    /// <exception cref="InvalidOperationException">What went wrong that may not.</exception>
    public async Task RunAsync()
    {
        int[] prefix = Tokens(64);
        for (int i = _random.Next(1, 4); i > 0; i--)
        {
            int[] prompt = [.. _random.Next(2) == 0 ? prefix : [], .. Tokens(_random.Next(1, 130))];
            int tokens = _random.Next(2, 70);
            _sessions.Add(new FaultSession(this, $"r{i}", prompt, HashEngine.Answer(_layout, prompt, tokens), new Random(_random.Next())));
        }

        Task all = Task.WhenAll(_sessions.Select(session => session.RunAsync()));
        await PassAsync(() => all.IsCompleted, Limit, "the answers");
        await all;
        TimeSpan end = _time.Elapsed;
        string? leak = "not looked yet";
        TimeSpan until = end + TimeSpan.FromSeconds(1) + (IsAbandoned ? FaultNode.TicketLifetime + TimeSpan.FromSeconds(1) : TimeSpan.Zero);
        do
        {
            Task<string?> look = FindLeakAsync();
            await PassAsync(() => look.IsCompleted, TimeSpan.FromSeconds(1), "a look at the blocks");
            leak = await look;
        }
        while (leak is not null && _time.Step(until));

        Require(leak is null, $"{(until - end).TotalSeconds} s after the last answer {leak}");
        await EndAsync();
        Require(_fault is null, _fault);
    }

    /// <summary>Opens an inbox at a gateway.</summary>
    public FaultDesk DeskOf(FaultNode gateway) => _desks[gateway.Plane.Address];

    /// <summary>A step of the protocol has come.</summary>
    public IReadOnlyList<FaultEvent> OnStep(FaultStep step, string where)
    {
        IReadOnlyList<FaultEvent> events = Script.Take(step);
        Note($"{where} {step} {string.Join(", ", events)}");
        foreach (FaultEvent fault in events)
        {
            if (fault.Action > FaultAction.Stall)
            {
                // Not in the middle of the write that it comes with.
                ThreadPool.QueueUserWorkItem(_ => Perform(fault));
            }
        }

        return events;
    }

    /// <summary>Writes down what happens. Not what broke the protocol how: that may hang on the bytes of an unguessable ticket.</summary>
    public void Note(string what)
    {
        what = what.IndexOf("broke the protocol", StringComparison.Ordinal) is > 0 and var end ? what[..end] : what;
        foreach (char c in what)
        {
            _digest = (_digest ^ c) * 0x100000001B3;
        }

        _digest = (_digest ^ (ulong)_time.Elapsed.Ticks) * 0x100000001B3;
        _trace?.Add(string.Create(CultureInfo.InvariantCulture, $"{_time.Elapsed.TotalMilliseconds,8:0.0} {what}"));
    }

    public static void Require(bool holds, string? otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    public void OnConnected(string peer, bool dialled)
    {
    }

    public void OnDisconnected(string peer, string reason, bool orderly) => Note($"connection ended: {reason}");

    public void OnRefused(string peer, string reason) => Note($"refused: {reason}");

    public void OnReceiverFault(string what, Exception exception) => _fault ??= $"{what}: {exception}";

    private int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => _random.Next(50_000))];

    private FaultNode Start(string name)
    {
        HashEngine? engine = name == "g" ? null : new HashEngine(_layout, _random.Next(8, 14), _random.Next(48, 200));
        FaultNode node = new(name, ++_incarnations, _wire, _time, this, engine);
        if (engine is null)
        {
            FaultDesk desk = new();
            _desks.Add(node.Plane.Address, desk);
            node.Plane.RegisterTokens(desk);
        }

        return node;
    }

    private FaultNode Restart(FaultNode node)
    {
        _dead.Add(node);
        node.Kill();
        return Start(node.Name);
    }

    private void Perform(FaultEvent fault)
    {
        Note($"{fault.Action}");
        switch (fault.Action)
        {
            case FaultAction.Expire:
                Decode.Clock!.Jump(FaultNode.TicketLifetime + TimeSpan.FromSeconds(1));
                break;
            case FaultAction.AbortDecode:
                _sessions[fault.Amount % _sessions.Count].AbortDecode();
                break;
            case FaultAction.AbortPrefill:
                _sessions[fault.Amount % _sessions.Count].AbortPrefill();
                break;
            case FaultAction.RestartDecode:
                Decode = Restart(Decode);
                break;
            case FaultAction.RestartPrefill:
                Prefill = Restart(Prefill);
                break;
            case FaultAction.RestartGateway:
                Gateway = Restart(Gateway);
                IsAbandoned = true;
                break;
        }
    }

    private async Task<string?> FindLeakAsync()
    {
        foreach (FaultNode node in Living)
        {
            if (await node.FindLeakAsync() is { } leak)
            {
                return leak;
            }
        }

        return null;
    }

    private async Task EndAsync()
    {
        FaultNode[] nodes = [.. _dead, .. Living];
        Task all = Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask()));
        await PassAsync(() => all.IsCompleted, TimeSpan.FromSeconds(5), "the end of the silos");
        await all;
        foreach (FaultNode node in nodes)
        {
            WireCounters counters = node.Plane.Counters;
            Require(counters is { StreamsOpen: 0, Connections: 0 } && node.Plane.Incoming == (0, 0), $"{node.Name} has ended with {counters}, {node.Plane.Incoming}");
        }

        foreach (FaultDesk desk in _desks.Values)
        {
            Require(desk.Fault is null, desk.Fault);
        }
    }

    private async Task PassAsync(Func<bool> done, TimeSpan limit, string what)
    {
        TimeSpan until = _time.Elapsed + limit;
        while (true)
        {
            do
            {
                await Task.Yield();
            }
            while (ThreadPool.PendingWorkItemCount > 0);

            if (done())
            {
                return;
            }

            Require(_time.Step(until), $"{what} did not come within {limit.TotalSeconds} s; {string.Join("; ", _sessions.Select(session => session.State))}");
        }
    }
}
