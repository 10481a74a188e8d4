using Grpc.Net.Client;
using OrleansServe.Policies.Scaling;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using Xunit;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>A cluster within one process grows for its peak and shrinks at night, and nobody who is served notices.</summary>
public sealed class LocalFleetTests
{
    // The hour that the fleet's clock shows decides: at least three decode nodes by day, at most one by night.
    private static readonly ScalingOptions DayAndNight = new()
    {
        Prefill = new RoleScaling { Maximum = 1 },
        Decode = new RoleScaling { Minimum = 1, Maximum = 3 },
        Schedule =
        [
            new ScheduleWindow { Name = "day", From = new TimeOnly(8, 0), To = new TimeOnly(20, 0), DecodeMinimum = 3 },
        ],
        DecisionInterval = TimeSpan.FromSeconds(1),
        ScaleInCoolDown = TimeSpan.FromSeconds(1),
        StartUp = TimeSpan.FromSeconds(1),
        LargestScaleIn = 0.5,
    };

    [Fact]
    public async Task Fleet_NightFallsWhileStreamsRun_LeavesAndLosesNothing()
    {
        SettableTime clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        TaskCompletionSource grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource shrunk = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int started = 0;
        int stopped = 0;
        LocalScaling scaling = new(DayAndNight, clock, change =>
        {
            if (change.Kind == LocalChangeKind.Started && Interlocked.Increment(ref started) == 2)
            {
                grown.SetResult();
            }

            if (change.Kind == LocalChangeKind.Stopped && Interlocked.Increment(ref stopped) == 2)
            {
                shrunk.SetResult();
            }
        });
        SiloOptions options = new() { Model = RepositoryPaths.TinyR1, KvBlocks = 256, Threads = 1, DrainLimit = TimeSpan.FromSeconds(10) };
        await using LocalCluster cluster = await LocalCluster.StartAsync(options, [SiloRole.Prefill, SiloRole.Decode], plane => plane, progress: null, CancellationToken.None, scaling);
        using GrpcChannel channel = GrpcChannel.ForAddress(cluster.GrpcAddress);
        InferenceService.InferenceServiceClient client = new(channel);

        await grown.Task.WaitAsync(TestServingCluster.Patience);
        ChatAnswer[] whole = await AskAsync();
        using CancellationTokenSource over = new();
        Task<List<ChatAnswer>> streams = AskUntilAsync(over.Token);
        clock.Set(new DateTimeOffset(2026, 3, 1, 22, 0, 0, TimeSpan.Zero));

        // The jump itself takes nobody away; the night does, once the clock has proved itself.
        await shrunk.Task.WaitAsync(TestServingCluster.Patience);
        await over.CancelAsync();

        Assert.Equal((2, 2), (started, stopped));
        List<ChatAnswer> answers = await streams;
        Assert.NotEmpty(answers);
        Assert.All(answers.Select((answer, i) => (answer, whole[i % whole.Length])), pair =>
        {
            Assert.Equal(pair.Item2.Tokens, pair.answer.Tokens);
            Assert.Equal(pair.Item2.Logprobs.Select(BitConverter.SingleToInt32Bits), pair.answer.Logprobs.Select(BitConverter.SingleToInt32Bits));
        });

        async Task<ChatAnswer[]> AskAsync() => await Task.WhenAll(Enumerable.Range(0, 4).Select(i => ChatAnswer.ReadAsync(client.Chat(Request(i)))));

        async Task<List<ChatAnswer>> AskUntilAsync(CancellationToken end)
        {
            List<ChatAnswer> read = [];
            while (!end.IsCancellationRequested)
            {
                read.AddRange(await AskAsync());
            }

            return read;
        }
    }

    private static ChatRequest Request(int i) => new()
    {
        Messages = { new ChatMessage { Role = ChatMessage.Types.Role.User, Content = $"What is {300 + i} + {200 + i}?" } },
        Sampling = new SamplingOptions { Temperature = 0.8f, Seed = (ulong)i + 1, MaxTokens = 120 },
        Output = new OutputOptions { Logprobs = true },
    };

    /// <summary>The system's clock, with another hour on it.</summary>
    private sealed class SettableTime(DateTimeOffset start) : TimeProvider
    {
        private long _shift = (start - System.GetUtcNow()).Ticks;

        public void Set(DateTimeOffset now) => Volatile.Write(ref _shift, (now - System.GetUtcNow()).Ticks);

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Volatile.Read(ref _shift));
    }
}
