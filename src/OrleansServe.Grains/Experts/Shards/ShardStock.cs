using System.Threading.Channels;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine.Moe;
using OrleansServe.Grains.Workers;
using OrleansServe.Model;
using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Grains.Experts.Shards;

/// <summary>
/// What a shard holds, by the epochs that it knows. Loads what a coming epoch wants on a task of its own, no faster than it may, and frees what no epoch wants any more once nobody
/// computes with it.
/// </summary>
internal sealed class ShardStock : IAsyncDisposable
{
    // A shard that starts knows no plan; what it holds then goes by this epoch.
    private const long NoPlan = 0;

    private readonly WorkerId _id;
    private readonly WorkerContext _context;
    private readonly CheckpointGuard _guard;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, ExpertSet> _epochs = [];
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<long> _loaded;
    private volatile UseGate _gate = new();
    private volatile Target? _target;
    private Task _work = Task.CompletedTask;

    /// <param name="id">The shard.</param>
    /// <param name="bank">What it holds at first; stays the caller's.</param>
    /// <param name="context">Model, options, clock.</param>
    /// <param name="loaded">Hears of each expert's bytes.</param>
    public ShardStock(WorkerId id, ExpertBank bank, WorkerContext context, Action<long> loaded)
    {
        _id = id;
        _context = context;
        _loaded = loaded;
        Bank = bank;
        _guard = new CheckpointGuard(context.Model.Checkpoint, context.Model.WeightsFingerprint, context.Model.Weights, context.Model.ExpertRows);
        _epochs[NoPlan] = ExpertSet.Of(Held());
    }

    /// <summary>The weights; to be used between entering and leaving the gate only.</summary>
    public ExpertBank Bank { get; }

    /// <summary>The latest epoch that it is ready for.</summary>
    public long Epoch
    {
        get
        {
            lock (_lock)
            {
                return _epochs.Keys.Last();
            }
        }
    }

    /// <summary>Epochs by which it takes rows, as text for an error.</summary>
    public string KnownEpochs
    {
        get
        {
            lock (_lock)
            {
                return string.Join(", ", _epochs.Keys);
            }
        }
    }

    /// <summary>Begins to act on what it is told.</summary>
    public void Start() => _work = Task.Run(RunAsync);

    /// <summary>Whether rows of an epoch are computed here.</summary>
    public bool Knows(long epoch)
    {
        lock (_lock)
        {
            return _epochs.ContainsKey(epoch);
        }
    }

    /// <summary>Keeps the weights that are found from now on until the gate is left again.</summary>
    /// <returns>Null once it is stopping.</returns>
    public UseGate? TryEnter()
    {
        while (true)
        {
            UseGate gate = _gate;
            if (gate.TryEnter())
            {
                return gate;
            }

            if (ReferenceEquals(gate, _gate))
            {
                return null;
            }
        }
    }

    /// <summary>Wants what an epoch assigns, and says how far it is.</summary>
    public ShardProgress Prepare(ShardAssignment assignment)
    {
        ExpertSet wanted = ExpertSet.Read(assignment, Exists, out string? fault);
        if (fault is not null || assignment.Epoch <= NoPlan)
        {
            return new ShardProgress(0, fault ?? $"an epoch is above {NoPlan}, not {assignment.Epoch}");
        }

        lock (_lock)
        {
            if (_epochs.ContainsKey(assignment.Epoch))
            {
                return new ShardProgress(0, null);
            }

            if (assignment.Epoch < _epochs.Keys.Last())
            {
                return new ShardProgress(0, $"epoch {assignment.Epoch} is past: the shard has {KnownEpochs}");
            }

            if (_target?.Epoch != assignment.Epoch || !_target.Experts.IsSameAs(wanted))
            {
                _target = new Target(assignment.Epoch, wanted, assignment.Urgent);
                _changes.Writer.TryWrite(true);
            }

            int missing = _target.Experts.All.Count(expert => !Bank.Has(expert.Layer, expert.Expert));
            if (missing == 0 && _target.Fault is null)
            {
                // What an earlier epoch wanted may be on its way out; from here on this one wants it.
                _epochs[assignment.Epoch] = _target.Experts;
                _target = null;
            }

            return new ShardProgress(missing, _target?.Fault);
        }
    }

    /// <summary>Gives up what only epochs before one want.</summary>
    public void Retire(long epoch)
    {
        lock (_lock)
        {
            if (_epochs.ContainsKey(epoch))
            {
                foreach (long old in _epochs.Keys.Where(known => known < epoch).ToArray())
                {
                    _epochs.Remove(old);
                }
            }
        }

        _changes.Writer.TryWrite(true);
    }

    /// <summary>Lets nobody in any more, and waits for those inside and for what is being loaded.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _gate.CloseAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        await foreach (bool _ in _changes.Reader.ReadAllAsync(_stop.Token))
        {
            if (_target is { Fault: null } target)
            {
                await LoadAsync(target);
            }

            await DropAsync();
        }
    }

    private async Task LoadAsync(Target target)
    {
        try
        {
            foreach ((int layer, int expert) in target.Experts.All)
            {
                if (!ReferenceEquals(target, _target))
                {
                    return;
                }

                if (!Bank.Has(layer, expert))
                {
                    await LoadAsync(layer, expert, target.Urgent);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whoever waits for the epoch is told; what is held goes on.
            target.Fault = e.Message;
            ExpertLog.LoadingFailed(_context.Logger, _id, target.Epoch, e);
        }
    }

    private async Task LoadAsync(int layer, int expert, bool urgent)
    {
        long start = _context.Time.GetTimestamp();
        _guard.Require(_stop.Token);
        long bytes = Bank.Add(layer, expert, _stop.Token);
        try
        {
            // What was read while the files changed is not known to be what it should be.
            _guard.Require(_stop.Token);
        }
        catch (ModelFormatException)
        {
            await FreeAsync([Bank.Remove(layer, expert)]);
            throw;
        }

        _loaded(bytes);
        long rate = _context.Options.ExpertLoadBytesPerSecond;
        if (!urgent && rate > 0)
        {
            TimeSpan due = TimeSpan.FromSeconds((double)bytes / rate) - _context.Time.GetElapsedTime(start);
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due, _context.Time, _stop.Token);
            }
        }
    }

    /// <summary>Frees what neither an epoch nor the one to come wants.</summary>
    private async Task DropAsync()
    {
        List<IDisposable?> dropped = [];
        lock (_lock)
        {
            foreach ((int layer, int expert) in Held())
            {
                if (_target?.Experts.Contains(layer, expert) != true && !_epochs.Values.Any(epoch => epoch.Contains(layer, expert)))
                {
                    dropped.Add(Bank.Remove(layer, expert));
                }
            }
        }

        if (dropped.Count > 0)
        {
            await FreeAsync(dropped);
            ExpertLog.Dropped(_context.Logger, _id, dropped.Count);
        }
    }

    /// <summary>Whoever is inside may have found the experts before they were given up; whoever enters from now on cannot.</summary>
    private async Task FreeAsync(IEnumerable<IDisposable?> experts)
    {
        UseGate old = _gate;
        _gate = new UseGate();
        await old.CloseAsync();
        foreach (IDisposable? expert in experts)
        {
            expert?.Dispose();
        }
    }

    private List<(int Layer, int Expert)> Held() =>
        [.. Enumerable.Range(0, Bank.Config.KvLayers).SelectMany(layer => Bank.HeldOf(layer).Select(expert => (layer, expert)))];

    private bool Exists(int layer, int expert) =>
        (uint)layer < (uint)Bank.Config.KvLayers && Bank.Config.IsMoeLayer(layer) && (uint)expert < (uint)(Bank.Config.NRoutedExperts ?? 0);

    /// <summary>An epoch to come.</summary>
    private sealed class Target(long epoch, ExpertSet experts, bool urgent)
    {
        private volatile string? _fault;

        public long Epoch => epoch;

        public ExpertSet Experts => experts;

        public bool Urgent => urgent;

        public string? Fault
        {
            get => _fault;
            set => _fault = value;
        }
    }
}
