using Grpc.Core;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway;
using OrleansServe.Protocol.V1;
using OrleansServe.Transfer.Tokens;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Sessions;

/// <summary>Prefill workers that go, or stand still, before any KV has told the decode worker of them.</summary>
public sealed class PrefillLossTests : IDisposable
{
    private const string PrefillNode = "prefill-node";

    private readonly SessionHarness _harness = new(retries: 2);
    private readonly ITokenChannel _channel;

    public PrefillLossTests() => _channel = _harness.OpenOther(PrefillNode, FakeCluster.Prefill0.Key);

    public void Dispose()
    {
        _channel.Dispose();
        _harness.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_PrefillWorkerLost_TriesElsewhereAtOnce(bool hasSpoken)
    {
        TaskCompletionSource gaveUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _harness.AnswerWith([TinyModel.End], TokenStreamEnd.StopToken);
        OnPrefill0((request, token) =>
        {
            if (hasSpoken)
            {
                Speak(request);
            }

            _harness.LoseNode(PrefillNode);
            return HangAsync(gaveUp, token);
        });

        TimeSpan took = await RunAsync(TimeSpan.FromMilliseconds(50));

        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await gaveUp.Task;
        AssertMovedToPrefill1();
    }

    [Fact]
    public async Task Run_PrefillWorkerStandsStill_TriesElsewhereAfterItsSilence()
    {
        TaskCompletionSource gaveUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _harness.AnswerWith([TinyModel.End], TokenStreamEnd.StopToken);
        OnPrefill0((request, token) =>
        {
            Speak(request);
            return HangAsync(gaveUp, token);
        });

        TimeSpan took = await RunAsync(TimeSpan.FromMilliseconds(500));

        Assert.InRange(took, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(20));
        await gaveUp.Task;
        AssertMovedToPrefill1();
    }

    [Fact]
    public async Task Run_PrefillWorkerSaysThatItGetsOn_IsWaitedFor()
    {
        _harness.AnswerWith([TinyModel.End], TokenStreamEnd.StopToken);
        OnPrefill0((request, _) =>
        {
            for (int i = 0; i < 60; i++)
            {
                _harness.Time.Advance(TimeSpan.FromSeconds(2));
                Speak(request);
            }

            return Task.FromResult(FakeCluster.First('a'));
        });

        await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal("silo-0/prefill-0", _harness.Stream.Started.PrefillWorker);
        Assert.Empty(_harness.Cluster.Suspects);
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_PrefillWorkerSaysWhyBeforeItsChannelIsMissed_IsHeard()
    {
        OnPrefill0((_, _) =>
        {
            _harness.LoseNode(PrefillNode);
            return Task.FromResult(new PrefillResult(null, 0, TimeSpan.Zero, "worker silo-0/prefill-0 is stopping", false));
        });

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        Assert.Contains("is stopping", rejection.Message, StringComparison.Ordinal);
        _harness.AssertAllReleased();
    }

    [Theory]
    [InlineData("reserve")]
    [InlineData("prefill")]
    public async Task Run_TooLargeForEveryWorker_IsTheRequestsFaultAndSaysTheNumbers(string phase)
    {
        if (phase == "reserve")
        {
            _harness.Cluster.OnReserve = (worker, _, _) => Task.FromResult(new ReserveResult(null, $"it needs 9 KV blocks; worker {worker} has 8", true) { TooLarge = true });
        }
        else
        {
            _harness.Cluster.OnPrefill = (worker, _, _) => Task.FromResult(new PrefillResult(null, 0, TimeSpan.Zero, $"it needs 9 KV blocks; worker {worker} has 8", true) { TooLarge = true });
        }

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        Assert.Equal(StatusCode.InvalidArgument, rejection.Status);
        Assert.Contains("it needs 9 KV blocks; worker silo-1/", rejection.Message, StringComparison.Ordinal);
        _harness.AssertAllReleased(attempts: 3, reserved: phase != "reserve");
    }

    private static async Task<PrefillResult> HangAsync(TaskCompletionSource gaveUp, CancellationToken token)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, token);
            throw new InvalidOperationException("unreachable");
        }
        finally
        {
            gaveUp.TrySetResult();
        }
    }

    private void OnPrefill0(Func<PrefillRequest, CancellationToken, Task<PrefillResult>> answer) => _harness.Cluster.OnPrefill = (worker, request, token) =>
    {
        Assert.Equal(_harness.Router.Address, request.GatewayAddress);
        return worker == FakeCluster.Prefill0 ? answer(request, token) : Task.FromResult(FakeCluster.First('a'));
    };

    private void Speak(PrefillRequest request)
    {
        TokenFrame frame = new();
        frame.AddSignOfLife(request.WatchId);
        _channel.Send(frame);
    }

    /// <summary>Runs a request while the clock moves on.</summary>
    private async Task<TimeSpan> RunAsync(TimeSpan tick)
    {
        DateTimeOffset begun = _harness.Time.GetUtcNow();
        Task<Finished> run = _harness.RunAsync(SessionHarness.Request());
        TimeSpan took = TimeSpan.Zero;
        while (!run.IsCompleted)
        {
            // The session goes on between two ticks: what it took is told in the clock's time.
            await Task.WhenAny(run, Task.Delay(20));
            took = _harness.Time.GetUtcNow() - begun;
            _harness.Time.Advance(run.IsCompleted ? TimeSpan.Zero : tick);
        }

        await run;
        return took;
    }

    private void AssertMovedToPrefill1()
    {
        Assert.Equal([[], [FakeCluster.Prefill0]], _harness.Cluster.Admissions.Select(admission => admission.Avoid.ToArray()));
        Assert.Equal("silo-1/prefill-0", _harness.Stream.Started.PrefillWorker);
        Assert.Equal([FakeCluster.Prefill0], _harness.Cluster.Suspects);
        _harness.AssertAllReleased(attempts: 2);
    }
}
