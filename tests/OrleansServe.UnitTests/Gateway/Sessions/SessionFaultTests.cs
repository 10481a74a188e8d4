using Grpc.Core;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway;
using OrleansServe.Gateway.Options;
using OrleansServe.Gateway.Sessions;
using OrleansServe.Protocol.V1;
using OrleansServe.Transfer.Tokens;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Sessions;

public sealed class SessionFaultTests : IDisposable
{
    private readonly SessionHarness _harness = new(retries: 2);

    public void Dispose() => _harness.Dispose();

    [Theory]
    [InlineData(AdmissionOutcome.Overloaded, StatusCode.ResourceExhausted)]
    [InlineData(AdmissionOutcome.NoWorkers, StatusCode.Unavailable)]
    [InlineData(AdmissionOutcome.TooLarge, StatusCode.InvalidArgument)]
    public async Task Run_AdmissionRefused_EndsWithItsStatusAndReason(AdmissionOutcome outcome, StatusCode status)
    {
        _harness.Cluster.OnAdmit = (_, _) => Task.FromResult(new Admission(outcome, default, default, "the numbers", TimeSpan.FromMilliseconds(250)));

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        Assert.Equal(status, rejection.Status);
        Assert.Equal("The numbers.", rejection.Message);
        Assert.Equal(outcome == AdmissionOutcome.Overloaded ? TimeSpan.FromMilliseconds(250) : null, rejection.RetryAfter);
        Assert.Equal(["admit"], _harness.Cluster.Calls);
    }

    [Fact]
    public async Task Run_ReserveRefusedRetryable_AvoidsThatWorker()
    {
        _harness.Cluster.OnReserve = RefuseFirst(_harness.Cluster.OnReserve);
        _harness.AnswerWith([TinyModel.End], TokenStreamEnd.StopToken);

        await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal([[], [FakeCluster.Decode0]], _harness.Cluster.Admissions.Select(admission => admission.Avoid.ToArray()));
        Assert.Equal(
            [
                "admit", "reserve silo-0/decode-0", "complete",
                "admit", "reserve silo-1/decode-0", "prefill silo-0/prefill-0", "decode silo-1/decode-0", "release silo-1/decode-0", "complete",
            ],
            _harness.Cluster.Calls);
        Assert.Equal(1, _harness.Measured.Retries.Value);
    }

    [Fact]
    public async Task Run_PrefillFailedRetryable_ReleasesAndTriesElsewhere()
    {
        _harness.Cluster.OnPrefill = (worker, _, _) => Task.FromResult(worker == FakeCluster.Prefill0
            ? new PrefillResult(null, 0, TimeSpan.Zero, "no room", true)
            : FakeCluster.First('a'));
        _harness.AnswerWith([TinyModel.End], TokenStreamEnd.StopToken);

        await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal([[], [FakeCluster.Prefill0, FakeCluster.Decode0]], _harness.Cluster.Admissions.Select(admission => admission.Avoid.ToArray()));
        Assert.Equal("silo-1/prefill-0", _harness.Stream.Started.PrefillWorker);
        _harness.AssertAllReleased(attempts: 2);
    }

    [Fact]
    public async Task Run_DecodeRefusedRetryable_TriesElsewhereBeforeTheClientSawAnything()
    {
        _harness.Cluster.OnDecode = (worker, request, _) =>
        {
            if (worker == FakeCluster.Decode0)
            {
                return Task.FromResult(new DecodeResult(false, "the ticket expired", true));
            }

            _harness.Send(request.RequestId, [TinyModel.End], TokenStreamEnd.StopToken);
            return Task.FromResult(new DecodeResult(true, null, false));
        };

        await _harness.RunAsync(SessionHarness.Request());

        Assert.Single(_harness.Stream.Messages, message => message.Started is not null);
        Assert.Equal("silo-1/decode-0", _harness.Stream.Started.DecodeWorker);
        _harness.AssertAllReleased(attempts: 2);
    }

    [Fact]
    public async Task Run_EveryAttemptRefused_GivesUpAndSaysWhy()
    {
        _harness.Cluster.OnPrefill = (_, _, _) => Task.FromResult(new PrefillResult(null, 0, TimeSpan.Zero, "no room", true));

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        Assert.Equal(StatusCode.Unavailable, rejection.Status);
        Assert.Equal("Prefill worker silo-1/prefill-0 failed: no room.", rejection.Message);
        _harness.AssertAllReleased(attempts: 3);
    }

    [Theory]
    [InlineData("reserve")]
    [InlineData("prefill")]
    public async Task Run_NoWorkerHasRoom_IsAnOverloadThatSaysWhenToTryAgain(string phase)
    {
        if (phase == "reserve")
        {
            _harness.Cluster.OnReserve = (_, _, _) => Task.FromResult(new ReserveResult(null, "3 of 5 KV blocks", true) { NoRoom = true });
        }
        else
        {
            _harness.Cluster.OnPrefill = (_, _, _) => Task.FromResult(new PrefillResult(null, 0, TimeSpan.Zero, "256 requests", true) { NoRoom = true });
        }

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        Assert.Equal((StatusCode.ResourceExhausted, new GatewayOptions().RetryAfter), (rejection.Status, rejection.RetryAfter));
        Assert.Equal(
            phase == "reserve" ? "Decode worker silo-1/decode-0 refused: 3 of 5 KV blocks." : "Prefill worker silo-1/prefill-0 failed: 256 requests.",
            rejection.Message);
        _harness.AssertAllReleased(attempts: 3, reserved: phase != "reserve");
    }

    [Fact]
    public async Task Run_RefusedForGood_DoesNotTryAgain()
    {
        _harness.Cluster.OnPrefill = (_, _, _) => Task.FromResult(new PrefillResult(null, 0, TimeSpan.Zero, "another KV format", false));

        await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        _harness.AssertAllReleased(attempts: 1);
    }

    [Fact]
    public async Task Run_SchedulerUnreachable_AsksAgain()
    {
        int asked = 0;
        Func<AdmissionRequest, CancellationToken, Task<Admission>> admit = _harness.Cluster.OnAdmit;
        _harness.Cluster.OnAdmit = (request, token) => asked++ == 0 ? throw new TimeoutException("30 s\n at Orleans.Stack") : admit(request, token);
        _harness.AnswerWith([TinyModel.End], TokenStreamEnd.StopToken);

        await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal(2, _harness.Cluster.Count("admit"));
        Assert.Equal(2, _harness.Cluster.Count("complete"));
    }

    [Fact]
    public async Task Run_WorkerUnreachable_TellsTheClientOneLine()
    {
        _harness.Cluster.OnPrefill = (_, _, _) => throw new TimeoutException("Response did not arrive on time\n   at Orleans.Runtime");

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        Assert.Equal("Prefill worker silo-1/prefill-0 cannot be reached.", rejection.Message);
        _harness.AssertAllReleased(attempts: 3);
    }

    [Fact]
    public async Task Run_PrefillNeverAnswers_EndsAtTheLimit()
    {
        using SessionHarness harness = new(retries: 0);
        harness.Cluster.OnPrefill = async (_, _, token) =>
        {
            Task forever = Task.Delay(Timeout.Infinite, token);
            harness.Time.Advance(TimeSpan.FromMinutes(6));
            await forever;
            return FakeCluster.First('a');
        };

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => harness.RunAsync(SessionHarness.Request()));

        Assert.Equal("Prefill worker silo-0/prefill-0 did not answer within 300 s.", rejection.Message);
        harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_GrainFails_IsNotTakenForUnreachable()
    {
        _harness.Cluster.OnPrefill = (_, _, _) => throw new InvalidOperationException("a bug");

        await Assert.ThrowsAsync<InvalidOperationException>(() => _harness.RunAsync(SessionHarness.Request()));

        _harness.AssertAllReleased();
    }

    [Theory]
    [InlineData("admit")]
    [InlineData("reserve")]
    [InlineData("prefill")]
    [InlineData("decode")]
    public async Task Run_CancelledDuringACall_CancelsTheCallAndReleases(string phase)
    {
        using CancellationTokenSource client = new();
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FakeCluster cluster = _harness.Cluster;
        switch (phase)
        {
            case "admit":
                cluster.OnAdmit = (_, token) => HangAsync<Admission>(token);
                break;
            case "reserve":
                cluster.OnReserve = (_, _, token) => HangAsync<ReserveResult>(token);
                break;
            case "prefill":
                cluster.OnPrefill = (_, _, token) => HangAsync<PrefillResult>(token);
                break;
            default:
                cluster.OnDecode = (_, _, token) => HangAsync<DecodeResult>(token);
                break;
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _harness.RunAsync(SessionHarness.Request(), client.Token));
        await cancelled.Task;

        Assert.Empty(_harness.Stream.Messages);
        _harness.AssertAllReleased(reserved: phase != "admit");

        async Task<T> HangAsync<T>(CancellationToken token)
        {
            using CancellationTokenRegistration registration = token.Register(() => cancelled.SetResult());
            await client.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
            throw new InvalidOperationException("unreachable");
        }
    }

    [Fact]
    public async Task Run_CancelledBetweenTokens_ReleasesAtOnce()
    {
        using CancellationTokenSource client = new();
        Generation request = SessionHarness.Request();
        TaskCompletionSource second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _harness.Stream.OnWrite = message =>
        {
            if (message.Delta?.Text == "b")
            {
                second.SetResult();
            }

            return Task.CompletedTask;
        };
        _harness.AnswerWith(['b'], TokenStreamEnd.None);
        Task<Finished> run = _harness.RunAsync(request, client.Token);
        await second.Task;
        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);

        _harness.AssertAllReleased();
        Assert.Equal(2, _harness.Measured.CompletionTokens.Value);
    }

    [Theory]
    [InlineData(typeof(InvalidOperationException))]
    [InlineData(typeof(IOException))]
    public async Task Run_WriteFails_ReleasesAndEndsAsCancelled(Type fault)
    {
        _harness.AnswerWith(['b', 'c', TinyModel.End], TokenStreamEnd.StopToken);
        _harness.Stream.OnWrite = message => message.Delta is null ? Task.CompletedTask : throw (Exception)Activator.CreateInstance(fault)!;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _harness.RunAsync(SessionHarness.Request()));

        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_WorkerLostInTheMiddle_ShowsWhatCameAndEndsUnavailable()
    {
        _harness.Cluster.OnDecode = (_, request, _) =>
        {
            _harness.Send(request.RequestId, ['b', 'c']);
            _harness.LoseWorker();
            return Task.FromResult(new DecodeResult(true, null, false));
        };

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        Assert.Equal(StatusCode.Unavailable, rejection.Status);
        Assert.Equal("The connection to worker silo-0/decode-0 broke.", rejection.Message);
        Assert.Equal("abc", _harness.Stream.Text);
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_AnotherWorkerLost_GoesOn()
    {
        _harness.Cluster.OnDecode = (_, request, _) =>
        {
            _harness.Router.OnWorkerLost(TokenChannelId.Create(), FakeCluster.Decode1.Key);
            _harness.Send(request.RequestId, [TinyModel.End], TokenStreamEnd.StopToken);
            return Task.FromResult(new DecodeResult(true, null, false));
        };

        await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal("a", _harness.Stream.Text);
    }

    [Fact]
    public async Task Run_WorkerSilent_EndsAfterTheTokenTimeout()
    {
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _harness.Stream.OnWrite = message =>
        {
            if (message.Delta is not null)
            {
                first.SetResult();
            }

            return Task.CompletedTask;
        };
        Task<Finished> run = _harness.RunAsync(SessionHarness.Request());
        await first.Task;

        // The session may not wait yet when the first minute has passed, so the clock goes on until it does.
        while (!run.IsCompleted)
        {
            _harness.Time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => run);
        Assert.Equal("Worker silo-0/decode-0 sent nothing for 60 s.", rejection.Message);
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_ReleaseFails_DoesNotTouchTheAnswer()
    {
        _harness.Cluster.OnRelease = () => throw new TimeoutException();
        _harness.AnswerWith(['b', TinyModel.End], TokenStreamEnd.StopToken);

        await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal("ab", _harness.Stream.Text);
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_ReleaseNeverAnswers_IsSaidAgainAndTheClientDoesNotWait()
    {
        _harness.Cluster.OnRelease = () =>
        {
            TaskCompletionSource never = new();
            return never.Task;
        };
        _harness.AnswerWith([TinyModel.End], TokenStreamEnd.StopToken);

        Task<Finished> run = _harness.RunAsync(SessionHarness.Request());
        while (!run.IsCompleted)
        {
            _harness.Time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        await run;
        Assert.Equal(0, _harness.Router.Count);

        // Where the worker and the scheduler answer again, they hear of it.
        _harness.Cluster.OnRelease = () => Task.CompletedTask;
        Assert.InRange(_harness.Notices.Repeating, 1, 2);
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));
        while (_harness.Notices.Repeating > 0 || _harness.Notices.Count > 0)
        {
            _harness.Time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(1, patience.Token);
        }

        Assert.InRange(_harness.Cluster.Count("complete"), 2, int.MaxValue);
    }

    private static Func<WorkerId, ReserveRequest, CancellationToken, Task<ReserveResult>> RefuseFirst(
        Func<WorkerId, ReserveRequest, CancellationToken, Task<ReserveResult>> otherwise) =>
        (worker, request, token) => worker == FakeCluster.Decode0
            ? Task.FromResult(new ReserveResult(null, "full", true))
            : otherwise(worker, request, token);
}
