using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers.Prefill;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Tokens;
using OrleansServe.UnitTests.Gateway;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A prefill worker says that it gets on as long as its engine's thread does, and not a moment longer.</summary>
public sealed class PrefillSignTests : IDisposable
{
    private const int Tokens = 120;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly WorkerRig _rig = new();
    private readonly InProcessNetwork _network = new();
    private readonly ManualTime _time = new();
    private readonly Listener _listener = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Prefill_StepTakesLong_SpeaksBehindEachLayerForThosePromptsThatWaitToo()
    {
        HoldingEngine engine = new(_rig.Engine());
        engine.HoldAfterLayer(0);
        await using PrefillWorker worker = Worker(engine, start: false);

        // A step has room for one of them.
        Task<PrefillResult>[] answers = [.. Enumerable.Range(1, 3).Select(number => worker.PrefillAsync(Request(number), default))];
        worker.Start();
        await engine.Held.WaitAsync(Patience);

        // The thread stands still: time passes, and nobody hears of it.
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Empty(_listener.Signs);
        engine.Release();
        await Task.WhenAll(answers).WaitAsync(Patience);
        Assert.All(answers, answer => Assert.NotNull(answer.Result.FirstToken));

        // Behind the next layer it spoke of all.
        Assert.Equal([Watch(1), Watch(2), Watch(3)], _listener.Signs.Distinct().Order());
    }

    [Fact]
    public async Task Dispose_PromptUnderWay_TheGatewayHearsOfTheEnd()
    {
        HoldingEngine engine = new(_rig.Engine());
        engine.HoldAfterLayer(0);
        PrefillWorker worker = Worker(engine);
        Task<PrefillResult> answer = worker.PrefillAsync(Request(1), default);
        await engine.Held.WaitAsync(Patience);
        Task stopped = worker.DisposeAsync().AsTask();
        engine.Release();
        await stopped.WaitAsync(Patience);
        Assert.True((await answer).Ended || (await answer).FirstToken is not null);
        Assert.Equal("silo/prefill-0", await _listener.Lost.WaitAsync(Patience));
    }

    [Fact]
    public async Task Prefill_GatewayUnreachable_IsRefusedForAnotherWorkerToTry()
    {
        HoldingEngine engine = new(_rig.Engine());
        await using PrefillWorker worker = Worker(engine);
        PrefillResult refused = await worker.PrefillAsync(Request(1) with { GatewayAddress = "inproc://nobody" }, default).WaitAsync(Patience);
        Assert.Null(refused.FirstToken);
        Assert.True(refused.Retryable);
        Assert.Contains("inproc://nobody", refused.Error, StringComparison.Ordinal);
        Assert.NotNull((await worker.PrefillAsync(Request(2), default).WaitAsync(Patience)).FirstToken);
    }

    private static Guid Watch(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    private static PrefillRequest Request(int number) =>
        new(Guid.NewGuid(), [.. Enumerable.Repeat(number, Tokens)], [], new SamplingSettings(0, 1, 0, 0, 0, 0) { PromptTokens = Tokens }, null, WorkerRig.KvFormatHex, SchedulingSettings.Default)
        {
            GatewayAddress = "inproc://gateway",
            WatchId = Watch(number),
        };

    private PrefillWorker Worker(HoldingEngine engine, bool start = true)
    {
        _network.Join("gateway").RegisterTokens(_listener);
        PrefillWorker worker = new(new WorkerId("silo", "prefill-0"), engine, _rig.Context(_network.Join("silo"), time: _time));
        if (start)
        {
            worker.Start();
        }

        return worker;
    }

    private sealed class Listener : ITokenReceiver
    {
        private readonly List<Guid> _signs = [];
        private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Guid[] Signs
        {
            get
            {
                lock (_signs)
                {
                    return [.. _signs];
                }
            }
        }

        public Task<string> Lost => _lost.Task;

        public void OnFrame(TokenChannelId channel, TokenFrame frame)
        {
            lock (_signs)
            {
                foreach (ref readonly TokenEvent token in frame.Events)
                {
                    Assert.True(token.IsSignOfLife);
                    _signs.Add(token.RequestId);
                }
            }
        }

        public void OnWorkerLost(TokenChannelId channel, string worker) => _lost.TrySetResult(worker);
    }
}
