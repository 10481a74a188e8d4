using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Sessions;
using OrleansServe.Protocol.V1;
using OrleansServe.Transfer.Tokens;
using Xunit;
using Reason = OrleansServe.Protocol.V1.Finished.Types.Reason;

namespace OrleansServe.UnitTests.Gateway.Sessions;

public sealed class GenerationSessionTests : IDisposable
{
    private readonly SessionHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public async Task Run_ModelEndsItsAnswer_StreamsAllOfIt()
    {
        _harness.Cluster.OnPrefill = (_, _, _) => Task.FromResult(FakeCluster.First('a', cached: 1));
        _harness.AnswerWith(['b', 'c', TinyModel.End], TokenStreamEnd.StopToken);

        Finished finished = await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal("abc", _harness.Stream.Text);
        Assert.Equal(['a', 'b', 'c', TinyModel.End], _harness.Stream.Tokens);
        Assert.Equal(Reason.Stop, finished.Reason);
        Assert.Equal(Finished.MatchedOneofCase.None, finished.MatchedCase);
        Assert.Equal(new Usage { PromptTokens = 2, CachedPromptTokens = 1, CompletionTokens = 4 }, finished.Usage);
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_Always_BeginsWithStartedAndEndsWithFinished()
    {
        _harness.AnswerWith([TinyModel.End], TokenStreamEnd.StopToken);

        await _harness.RunAsync(SessionHarness.Request());

        Started started = _harness.Stream.Started;
        Assert.Equal(TinyModel.Instance.WeightsFingerprint, started.WeightsFingerprint);
        Assert.Equal("silo-0/prefill-0", started.PrefillWorker);
        Assert.Equal("silo-0/decode-0", started.DecodeWorker);
        Assert.Equal(7ul, started.Seed);
        Assert.All(_harness.Stream.Messages.Skip(1).SkipLast(1), message => Assert.NotNull(message.Delta));
        Assert.NotNull(_harness.Stream.Finished);
    }

    [Fact]
    public async Task Run_OneTokenWanted_NeedsNoDecodeWorker()
    {
        Finished finished = await _harness.RunAsync(SessionHarness.Request(maxTokens: 1));

        Assert.Equal(Reason.Length, finished.Reason);
        Assert.Equal("a", _harness.Stream.Text);
        Assert.Equal(string.Empty, _harness.Stream.Started.DecodeWorker);
        Assert.Null(Assert.Single(_harness.Cluster.Prefills).Ticket);
        Assert.Equal(["admit", "prefill silo-0/prefill-0", "complete"], _harness.Cluster.Calls);
    }

    [Fact]
    public async Task Run_FirstTokenEndsTheAnswer_DoesNotDecode()
    {
        _harness.Cluster.OnPrefill = (_, _, _) => Task.FromResult(FakeCluster.First(TinyModel.End));

        Finished finished = await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal(Reason.Stop, finished.Reason);
        Assert.Equal([TinyModel.End], _harness.Stream.Tokens);
        Assert.Equal(1, finished.Usage.CompletionTokens);
        Assert.Empty(_harness.Cluster.Decodes);
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_MaxTokensReached_EndsByLength()
    {
        _harness.AnswerWith(['b', 'c'], TokenStreamEnd.Length);

        Finished finished = await _harness.RunAsync(SessionHarness.Request(maxTokens: 3));

        Assert.Equal(Reason.Length, finished.Reason);
        Assert.Equal("abc", _harness.Stream.Text);
        Assert.Equal(3, finished.Usage.CompletionTokens);
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_LengthCutsACharacter_ShowsTheReplacement()
    {
        _harness.AnswerWith([0xE2, 0x82], TokenStreamEnd.Length);

        await _harness.RunAsync(SessionHarness.Request(maxTokens: 3));

        Assert.Equal("a\uFFFD", _harness.Stream.Text);
    }

    [Fact]
    public async Task Run_StopTokenAskedFor_IsNamedAndNotShown()
    {
        _harness.AnswerWith(['b', 'z'], TokenStreamEnd.StopToken);

        Finished finished = await _harness.RunAsync(SessionHarness.Request(stopTokens: ['z']));

        Assert.Equal("ab", _harness.Stream.Text);
        Assert.Equal(['a', 'b', 'z'], _harness.Stream.Tokens);
        Assert.Equal('z', finished.StopTokenId);
        Assert.Equal(3, finished.Usage.CompletionTokens);
        Assert.Equal([TinyModel.End, 'z'], Assert.Single(_harness.Cluster.Decodes).StopTokens.AsEnumerable());
    }

    [Fact]
    public async Task Run_IgnoreEos_GoesOnPastTheEnd()
    {
        _harness.AnswerWith([TinyModel.End, 'b'], TokenStreamEnd.Length);

        Finished finished = await _harness.RunAsync(SessionHarness.Request(maxTokens: 3, ignoreEos: true));

        Assert.Equal("ab", _harness.Stream.Text);
        Assert.Equal(Reason.Length, finished.Reason);
        Assert.Empty(Assert.Single(_harness.Cluster.Decodes).StopTokens);
    }

    [Fact]
    public async Task Run_StopStringOverTokens_EndsBeforeItAndFreesTheWorker()
    {
        _harness.AnswerWith(['b', '#', '#', 'c', 'd'], TokenStreamEnd.None);

        Finished finished = await _harness.RunAsync(SessionHarness.Request(stopStrings: ["##"]));

        Assert.Equal("ab", _harness.Stream.Text);
        Assert.Equal(['a', 'b', '#', '#'], _harness.Stream.Tokens);
        Assert.Equal("##", finished.StopString);
        Assert.Equal(Reason.Stop, finished.Reason);
        Assert.Equal(4, finished.Usage.CompletionTokens);
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_BeginningOfAStopStringAtTheEnd_IsShownAfterAll()
    {
        _harness.AnswerWith(['#', TinyModel.End], TokenStreamEnd.StopToken);

        await _harness.RunAsync(SessionHarness.Request(stopStrings: ["##"]));

        Assert.Equal("a#", _harness.Stream.Text);
    }

    [Fact]
    public async Task Run_Chat_TellsReasoningApartAndCountsIt()
    {
        _harness.AnswerWith(['b', TinyModel.ThinkEnd, '\n', '\n', '4', '2', TinyModel.End], TokenStreamEnd.StopToken);

        Finished finished = await _harness.RunAsync(SessionHarness.Request(chat: true));

        Assert.Equal("ab", _harness.Stream.Reasoning);
        Assert.Equal("42", _harness.Stream.Text);
        Assert.Equal(3, finished.Usage.ReasoningTokens);
        Assert.Equal(8, finished.Usage.CompletionTokens);
    }

    [Fact]
    public async Task Run_Logprobs_AreThereForEveryToken()
    {
        _harness.AnswerWith(['b', TinyModel.End], TokenStreamEnd.StopToken);

        await _harness.RunAsync(SessionHarness.Request(logprobs: 2));

        TokenLogprob[] entries = [.. _harness.Stream.Deltas.SelectMany(delta => delta.Logprobs)];
        Assert.Equal(_harness.Stream.Tokens, entries.Select(entry => entry.TokenId));
        Assert.Equal([-0.5f, -0.25f, -0.25f], entries.Select(entry => entry.Logprob));
        Assert.All(entries, entry => Assert.Equal(2, entry.Top.Count));
        Assert.Equal(['b', 2], entries[1].Top.Select(top => top.TokenId));
    }

    [Fact]
    public async Task Run_LogprobsNotAskedFor_AreLeftOut()
    {
        _harness.AnswerWith(['b', TinyModel.End], TokenStreamEnd.StopToken);

        await _harness.RunAsync(SessionHarness.Request());

        Assert.All(_harness.Stream.Deltas, delta => Assert.Empty(delta.Logprobs));
    }

    [Fact]
    public async Task Run_TokensCameTwice_ShowsThemOnce()
    {
        _harness.Cluster.OnDecode = (_, request, _) =>
        {
            _harness.Send(request.RequestId, ['b', 'c']);
            TokenFrame again = new();
            again.Add(request.RequestId, 1, 'x', 0, [], [], TokenStreamEnd.None);
            _harness.Router.OnFrame(_harness.Channel, again);
            _harness.Send(request.RequestId, [TinyModel.End], TokenStreamEnd.StopToken);
            return Task.FromResult(new DecodeResult(true, null, false));
        };

        await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal("abc", _harness.Stream.Text);
    }

    [Fact]
    public async Task Run_SlowClient_GetsManyTokensInOneDelta()
    {
        TaskCompletionSource firstDelta = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _harness.Stream.OnWrite = message =>
        {
            if (message.Delta is null)
            {
                return Task.CompletedTask;
            }

            firstDelta.TrySetResult();
            return goOn.Task;
        };
        Generation request = SessionHarness.Request(maxTokens: 700);
        Task<Finished> run = _harness.RunAsync(request);
        await firstDelta.Task;
        for (int i = 0; i < 600; i++)
        {
            _harness.Send(request.RequestId, ['b'], i == 599 ? TokenStreamEnd.Length : TokenStreamEnd.None);
        }

        goOn.SetResult();
        await run;

        Assert.Equal([1, AnswerAssembler.MaxTokensPerDelta, AnswerAssembler.MaxTokensPerDelta, 88], _harness.Stream.Deltas.Select(delta => delta.TokenIds.Count));
        Assert.Equal(601, _harness.Stream.Text.Length);
    }

    [Fact]
    public async Task Run_Timing_ComesFromTheGatewaysClock()
    {
        _harness.Cluster.OnPrefill = (_, _, _) =>
        {
            _harness.Time.Advance(TimeSpan.FromSeconds(2));
            return Task.FromResult(FakeCluster.First('a'));
        };
        _harness.Cluster.OnDecode = (_, request, _) =>
        {
            _harness.Time.Advance(TimeSpan.FromSeconds(1));
            _harness.Send(request.RequestId, [TinyModel.End], TokenStreamEnd.StopToken);
            return Task.FromResult(new DecodeResult(true, null, false));
        };

        Finished finished = await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal(3, finished.Timing.TimeToFirstTokenSeconds, 6);
        Assert.Equal(0.005, finished.Timing.QueueSeconds, 6);
        Assert.Equal(3, finished.Timing.TotalSeconds, 6);
        Assert.Equal(2, _harness.Measured.CompletionTokens.Value);
        Assert.Equal(2, _harness.Measured.PromptTokens.Value);
    }
}
