using Grpc.Core;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway;
using OrleansServe.Gateway.Sessions;
using OrleansServe.Protocol.V1;
using OrleansServe.Transfer.Tokens;
using Xunit;
using Reason = OrleansServe.Protocol.V1.Finished.Types.Reason;

namespace OrleansServe.UnitTests.Gateway.Sessions;

/// <summary>A worker goes in the middle of an answer: another one is asked for the rest, and the client sees one answer.</summary>
public sealed class SessionResumeTests : IDisposable
{
    private readonly SessionHarness _harness = new(resumes: 2);
    private readonly ITokenChannel _other;

    public SessionResumeTests() => _other = _harness.OpenOther("silo-1", FakeCluster.Decode1.Key);

    public void Dispose()
    {
        _other.Dispose();
        _harness.Dispose();
    }

    [Fact]
    public async Task Run_WorkerLost_GoesOnFromPromptAndTokens()
    {
        _harness.Cluster.OnPrefill = (_, request, _) => Task.FromResult(FakeCluster.First(request.Prompt.Length == 2 ? 'a' : 'd'));
        OnDecode(lost: request => _harness.Send(request, ['b', 'c']), then: request => Send(request, 1, ['e', TinyModel.End], TokenStreamEnd.StopToken));
        Generation request = SessionHarness.Request(maxTokens: 9, logprobs: 2);

        Finished finished = await _harness.RunAsync(request);

        Assert.Equal("abcde", _harness.Stream.Text);
        Assert.Equal(['a', 'b', 'c', 'd', 'e', TinyModel.End], _harness.Stream.Tokens);
        Assert.Equal(6, _harness.Stream.Deltas.Sum(delta => delta.Logprobs.Count));
        Assert.Single(_harness.Stream.Messages, message => message.Started is not null);
        Assert.Equal(new Usage { PromptTokens = 2, CompletionTokens = 6 }, finished.Usage);
        Assert.Equal(1, finished.Timing.Resumes);
        Assert.Equal(2, _harness.Measured.PromptTokens.Value);

        PrefillRequest again = _harness.Cluster.Prefills.Last();
        Assert.Equal([256, 'q', 'a', 'b', 'c'], again.Prompt.AsEnumerable());
        Assert.Equal((request.Sampling, 6), (again.Sampling, _harness.Cluster.Admissions.Last().MaxTokens));
        Assert.NotEqual(request.RequestId, again.RequestId);
        Assert.Equal([FakeCluster.Decode0], _harness.Cluster.Admissions.Last().Avoid.AsEnumerable());
        Assert.Equal([FakeCluster.Decode0], _harness.Cluster.Suspects);
        Assert.Equal([false, true], _harness.Cluster.Admissions.Select(admission => admission.IsResume));
        _harness.AssertAllReleased(attempts: 2);
    }

    [Fact]
    public async Task Run_WorkerLostWithinAStopString_StopsAtIt()
    {
        _harness.Cluster.OnPrefill = (_, request, _) => Task.FromResult(FakeCluster.First(request.Prompt.Length == 2 ? 'a' : '#'));
        OnDecode(lost: request => _harness.Send(request, ['#']), then: request => Send(request, 1, ['x'], TokenStreamEnd.None));

        Finished finished = await _harness.RunAsync(SessionHarness.Request(stopStrings: ["##"]));

        Assert.Equal(("a", "##", 3), (_harness.Stream.Text, finished.StopString, finished.Usage.CompletionTokens));
        _harness.AssertAllReleased(attempts: 2);
    }

    [Fact]
    public async Task Run_WorkerLostWhileThinking_TellsReasoningApartAllTheSame()
    {
        _harness.Cluster.OnPrefill = (_, request, _) => Task.FromResult(FakeCluster.First(request.Prompt.Length == 2 ? 'a' : 'c'));
        OnDecode(
            lost: request => _harness.Send(request, ['b']),
            then: request => Send(request, 1, [TinyModel.ThinkEnd, '4', '2', TinyModel.End], TokenStreamEnd.StopToken));

        Finished finished = await _harness.RunAsync(SessionHarness.Request(chat: true));

        Assert.Equal(("abc", "42"), (_harness.Stream.Reasoning, _harness.Stream.Text));
        Assert.Equal((4, 7), (finished.Usage.ReasoningTokens, finished.Usage.CompletionTokens));
    }

    [Fact]
    public async Task Run_WorkerLostBeforeTheLastToken_AsksPrefillAlone()
    {
        _harness.Cluster.OnPrefill = (_, request, _) => Task.FromResult(FakeCluster.First(request.Prompt.Length == 2 ? 'a' : 'c'));
        OnDecode(lost: request => _harness.Send(request, ['b']), then: _ => Assert.Fail("nothing is left to decode"));

        Finished finished = await _harness.RunAsync(SessionHarness.Request(maxTokens: 3));

        Assert.Equal(("abc", Reason.Length), (_harness.Stream.Text, finished.Reason));
        Assert.Null(_harness.Cluster.Prefills.Last().Ticket);
    }

    [Fact]
    public async Task Run_SeveralSamplesLost_EachGoesOnFromItsOwn()
    {
        Generation request = SessionHarness.Request(maxTokens: 3, ignoreEos: true) with { Samples = 3 };
        _harness.Cluster.OnPrefill = (_, prefill, _) => Task.FromResult(FakeCluster.First(prefill.Sampling.FirstSample switch
        {
            0 => prefill.Prompt.Length == 2 ? 'a' : 'c',
            1 => 'y',
            _ => 'r',
        }));
        OnDecode(
            lost: _ =>
            {
                TokenFrame frame = new();
                frame.Add(request.RequestId, 1, 'b', 0, [], [], TokenStreamEnd.None);
                frame.Add(SampleId.Of(request.RequestId, 1), 0, 'x', 0, [], [], TokenStreamEnd.None);
                _harness.SendFrame(frame);
            },
            then: resumed => Send(resumed, 1, _harness.Cluster.Prefills.Single(prefill => prefill.RequestId == resumed).Sampling.FirstSample == 1 ? ['z'] : ['s', 't'], TokenStreamEnd.Length));

        Finished finished = await _harness.RunAsync(request);

        Assert.Equal(["abc", "xyz", "rst"], Texts(3));
        Assert.Equal((2, 9, 3), (finished.Usage.PromptTokens, finished.Usage.CompletionTokens, finished.Timing.Resumes));
        Assert.Equal(3, _harness.Stream.Messages.Count(message => message.Finished is not null));
        Assert.Equal([1, 1, 1, 3], _harness.Cluster.Admissions.Select(admission => admission.Samples).Order());
    }

    [Fact]
    public async Task Run_OneOfSeveralCannotGoOn_EndsThemAll()
    {
        Generation request = SessionHarness.Request(ignoreEos: true) with { Samples = 2 };
        _harness.Cluster.OnPrefill = (_, prefill, token) => prefill.Sampling.FirstSample == 1
            ? Task.FromResult(new PrefillResult(null, 0, TimeSpan.Zero, "the state is not finite", false))
            : Task.FromResult(FakeCluster.First('a'));
        OnDecode(lost: _ => { }, then: _ => { });

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(request).WaitAsync(TimeSpan.FromSeconds(30)));

        Assert.Contains("the state is not finite", rejection.Message, StringComparison.Ordinal);
        _harness.AssertAllReleased(attempts: 3);
    }

    [Fact]
    public async Task Run_LostOftenerThanTheLimit_EndsUnavailableAndSaysSo()
    {
        _harness.Cluster.OnPrefill = (_, request, _) => Task.FromResult(FakeCluster.First('a'));
        _harness.Cluster.OnDecode = (_, request, _) =>
        {
            TokenFrame frame = new();
            frame.AddFailure(request.RequestId, 1, "out of memory");
            _other.Send(frame);
            return Task.FromResult(new DecodeResult(true, null, false));
        };

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        Assert.Equal(StatusCode.Unavailable, rejection.Status);
        Assert.EndsWith("cannot go on: out of memory. The answer has lost its worker 2 times before, which is the limit.", rejection.Message, StringComparison.Ordinal);
        _harness.AssertAllReleased(attempts: 3);
    }

    [Fact]
    public async Task Run_HandedOver_IsNotCountedAsALoss()
    {
        _harness.Cluster.OnPrefill = (_, request, _) => Task.FromResult(FakeCluster.First('a'));
        _harness.Cluster.OnDecode = (_, request, _) =>
        {
            TokenFrame frame = new();
            frame.AddFailure(request.RequestId, 1, "it is to stop", TokenStreamEnd.HandedOver);
            _other.Send(frame);
            return Task.FromResult(new DecodeResult(true, null, false));
        };

        Finished finished = await _harness.RunAsync(SessionHarness.Request(maxTokens: 6));

        Assert.Equal(("aaaaaa", 5), (_harness.Stream.Text, finished.Timing.Resumes));
    }

    [Fact]
    public async Task Run_NobodyToGoOn_AsksUntilItsTimeIsOver()
    {
        Func<AdmissionRequest, CancellationToken, Task<Admission>> admit = _harness.Cluster.OnAdmit;
        TaskCompletionSource refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _harness.Cluster.OnAdmit = (request, token) =>
        {
            if (!request.IsResume)
            {
                return admit(request, token);
            }

            refused.TrySetResult();
            return Task.FromResult(new Admission(AdmissionOutcome.NoWorkers, default, default, "no decode worker", TimeSpan.Zero));
        };
        OnDecode(lost: request => _harness.Send(request, ['b']), then: _ => { });
        Task<Finished> run = _harness.RunAsync(SessionHarness.Request());
        await refused.Task;
        while (!run.IsCompleted)
        {
            _harness.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => run);
        Assert.Equal(StatusCode.Unavailable, rejection.Status);
        Assert.Equal("The answer was interrupted, and within 30 s nobody could go on with it: No decode worker.", rejection.Message);
        Assert.InRange(_harness.Cluster.Count("admit"), 3, 80);
        Assert.Equal(0, _harness.Router.Count);
    }

    [Fact]
    public async Task Run_DecodeWorkerLostWhileThePromptIsComputed_AsksElsewhereAtOnce()
    {
        _harness.Cluster.OnReserve = Channelled(_harness.Cluster.OnReserve);
        _harness.Cluster.OnPrefill = async (_, request, token) =>
        {
            if (request.Ticket!.Worker == FakeCluster.Decode0)
            {
                _harness.LoseWorker();
                await Task.Delay(Timeout.Infinite, token);
            }

            return FakeCluster.First('a');
        };
        _harness.Cluster.OnDecode = (_, request, _) =>
        {
            Send(request.RequestId, 1, [TinyModel.End], TokenStreamEnd.StopToken);
            return Task.FromResult(new DecodeResult(true, null, false));
        };

        await _harness.RunAsync(SessionHarness.Request()).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal("silo-1/decode-0", _harness.Stream.Started.DecodeWorker);
        _harness.AssertAllReleased(attempts: 2);
    }

    [Fact]
    public async Task Run_DecodeWorkerLostWhileItIsAskedForRoom_AsksElsewhereAtOnce()
    {
        Func<WorkerId, ReserveRequest, CancellationToken, Task<ReserveResult>> reserve = Channelled(_harness.Cluster.OnReserve);
        _harness.Cluster.OnReserve = async (worker, request, token) =>
        {
            if (worker == FakeCluster.Decode0)
            {
                _harness.LoseWorker();
                await Task.Delay(Timeout.Infinite, token);
            }

            return await reserve(worker, request, token);
        };
        _harness.Cluster.OnDecode = (_, request, _) =>
        {
            Send(request.RequestId, 1, [TinyModel.End], TokenStreamEnd.StopToken);
            return Task.FromResult(new DecodeResult(true, null, false));
        };

        await _harness.RunAsync(SessionHarness.Request()).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal("silo-1/decode-0", _harness.Stream.Started.DecodeWorker);
        _harness.AssertAllReleased(attempts: 2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_KvTransferFailsWhileThePromptIsComputed_PrefillWorkerMaySayWhy(bool says)
    {
        _harness.Cluster.OnReserve = Channelled(_harness.Cluster.OnReserve);
        TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _harness.Cluster.OnPrefill = async (worker, request, token) =>
        {
            if (worker != FakeCluster.Prefill0)
            {
                return FakeCluster.First(TinyModel.End);
            }

            TokenFrame frame = new();
            frame.AddFailure(request.RequestId, 0, "KV transfer: the connection broke");
            _harness.SendFrame(frame);
            failed.SetResult();
            if (!says)
            {
                await Task.Delay(Timeout.Infinite, token);
            }

            return new PrefillResult(null, 0, TimeSpan.Zero, "the state is not finite", false);
        };
        Task<Finished> run = _harness.RunAsync(SessionHarness.Request());
        await failed.Task;
        while (!run.IsCompleted)
        {
            _harness.Time.Advance(TimeSpan.FromMilliseconds(says ? 0 : 100));
            await Task.Yield();
        }

        if (says)
        {
            RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => run);
            Assert.Equal("Prefill worker silo-0/prefill-0 failed: the state is not finite.", rejection.Message);
        }
        else
        {
            await run;
            Assert.Equal("silo-1/prefill-0", _harness.Stream.Started.PrefillWorker);
            Assert.All(_harness.Cluster.Suspects, suspect => Assert.Equal(FakeCluster.Prefill0, suspect));
            Assert.NotEmpty(_harness.Cluster.Suspects);
        }
    }

    private Func<WorkerId, ReserveRequest, CancellationToken, Task<ReserveResult>> Channelled(Func<WorkerId, ReserveRequest, CancellationToken, Task<ReserveResult>> reserve) =>
        async (worker, request, token) => await reserve(worker, request, token) with
        {
            TokenChannel = (worker == FakeCluster.Decode0 ? _harness.Channel : _other.Id).Value,
        };

    /// <summary>The first decode worker sends something and is lost; the other one goes on.</summary>
    private void OnDecode(Action<Guid> lost, Action<Guid> then) => _harness.Cluster.OnDecode = (worker, request, _) =>
    {
        if (worker == FakeCluster.Decode0)
        {
            lost(request.RequestId);
            _harness.LoseWorker();
            return Task.FromResult(new DecodeResult(true, null, false, _harness.Channel.Value));
        }

        then(request.RequestId);
        return Task.FromResult(new DecodeResult(true, null, false, _other.Id.Value));
    };

    private void Send(Guid request, int index, int[] tokens, TokenStreamEnd last)
    {
        TokenFrame frame = new();
        for (int i = 0; i < tokens.Length; i++)
        {
            frame.Add(request, index + i, tokens[i], -0.25f, [tokens[i], 2], [-0.25f, -2], i == tokens.Length - 1 ? last : TokenStreamEnd.None);
        }

        _other.Send(frame);
    }

    private string[] Texts(int samples) =>
        [.. Enumerable.Range(0, samples).Select(sample => string.Concat(_harness.Stream.Deltas.Where(delta => delta.Index == sample).Select(delta => delta.Text)))];
}
