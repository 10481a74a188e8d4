using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Grains.Workers.Prefill;
using OrleansServe.Policies.KvBlocks;
using OrleansServe.UnitTests.Engine.Schedules;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers.Schedules;

/// <summary>
/// One request on its way through workers, as a gateway takes it: room, prefill, decode; refused, it asks again when something has changed. It may
/// break off anywhere, and go on from the tokens that it has, on whatever workers chance has it.
/// </summary>
internal sealed class Errand
{
    private readonly WorkerCluster _cluster;
    private readonly Random _random;
    private readonly Action<string, int> _count;
    private readonly Job _job;
    private readonly Outcome[] _expected;
    private readonly Outcome[] _scores;
    private readonly SchedulingSettings _scheduling;
    private readonly string? _failure;
    private readonly List<int> _produced = [];
    private bool _failed;
    private int _breaks;

    /// <param name="cluster">The workers.</param>
    /// <param name="request">Which request of the world it is.</param>
    /// <param name="random">Its own: errands run side by side.</param>
    /// <param name="count">Told what happened, and how often.</param>
    public Errand(WorkerCluster cluster, int request, Random random, Action<string, int> count)
    {
        _cluster = cluster;
        _random = random;
        _count = count;
        _job = cluster.World.Requests[request];
        _expected = [.. cluster.World.Expected[request].Select(o => o.WithoutLogits())];
        _scores = [.. cluster.World.Scores[request].Select(o => o.WithoutLogits())];
        _failure = cluster.World.Failures[request];
        _scheduling = new SchedulingSettings((ServicePriority)random.Next(3), $"tenant {random.Next(3)}");
        _breaks = random.Next(3);
    }

    private int Left => _job.MaxTokens - _produced.Count;

    /// <summary>Serves the request.</summary>
    /// <param name="arrival">Tokens that the others have received before it comes.</param>
    public async Task RunAsync(long arrival)
    {
        await _cluster.WaitUntilAsync(() => Task.FromResult(_cluster.Desk.Tokens >= arrival));
        while (Left > 0 && !_failed)
        {
            Task changed = _cluster.Desk.Changed.Next;
            if (!await TryAsync())
            {
                await changed.WaitAsync(WorkerCluster.Patience);
            }
        }

        Assert.Equal(_failure is not null, _failed);
        _count(_failed ? "failed" : "served", 1);

        // Arrivals go by tokens: those that broken-off attempts have lost must not be waited for.
        _cluster.Desk.Count(_job.MaxTokens);
    }

    private async Task<bool> TryAsync()
    {
        Guid id = NewId();
        ImmutableArray<int> prompt = [.. _job.Prompt, .. _produced];
        ImmutableArray<UInt128> hashes = _random.Next(4) == 0 ? [] : KvBlockHasher.HashPrompt(prompt.AsSpan(), WorkerCluster.KvFormat);
        DecodeWorker decode = _cluster.Decode[_random.Next(_cluster.Decode.Length)];
        PrefillWorker prefill = _cluster.Prefill[_random.Next(_cluster.Prefill.Length)];
        KvTicket? ticket = null;
        if (Left > 1)
        {
            ReserveResult reserved = await decode.ReserveAsync(new ReserveRequest(id, prompt, hashes, Left, KvFormatHex, _scheduling));
            if (reserved.Refusal is not null)
            {
                Assert.True(reserved.Retryable, reserved.Refusal);
                _count("refused", 1);
                return false;
            }

            ticket = reserved.Ticket!;
            _count("blocks held by the decode worker", ticket.HeldBlocks);
        }

        try
        {
            PrefillRequest request = new(id, prompt, hashes, Settings(), ticket, KvFormatHex, _scheduling) { PromptTopLogprobs = AskForScores() };
            bool? served = await PrefillAsync(prefill, request);
            if (served == true && ticket is not null && Left > 0)
            {
                await DecodeAsync(decode, ticket);
            }

            return served != false;
        }
        finally
        {
            await decode.ReleaseAsync(id);
        }
    }

    private static string KvFormatHex { get; } = Convert.ToHexStringLower(WorkerCluster.KvFormat);

    // True with the first token, false where the worker could not, null where the client has left.
    private async Task<bool?> PrefillAsync(PrefillWorker worker, PrefillRequest request)
    {
        using CancellationTokenSource gone = new();
        bool leaves = Breaks(6);
        Task<PrefillResult> answer = worker.PrefillAsync(request, gone.Token);
        if (leaves)
        {
            await Task.WhenAny(answer, _cluster.Desk.Changed.Next).WaitAsync(WorkerCluster.Patience);
            await gone.CancelAsync();
        }

        PrefillResult result;
        try
        {
            result = await answer.WaitAsync(WorkerCluster.Patience);
        }
        catch (OperationCanceledException)
        {
            _count("left during prefill", 1);
            return null;
        }

        if (result is { FirstToken: null, Retryable: false })
        {
            Fail(result.Error);
            return null;
        }

        if (result.FirstToken is not { } token)
        {
            _count("failed to prefill", 1);
            return false;
        }

        _count("prompt tokens from the cache", result.CachedTokens);
        if (result.PromptScores is { } scores)
        {
            CheckScores(scores);
        }

        Take(Outcome.Of(token.Token, token.Logprob, token.TopTokens.AsSpan(), token.TopLogprobs.AsSpan()));
        return true;
    }

    private async Task DecodeAsync(DecodeWorker worker, KvTicket ticket)
    {
        // Indices count from the attempt's own first token, which prefill gave.
        TokenDesk.Inbox inbox = _cluster.Desk.Open(ticket.RequestId, 1);
        int had = _produced.Count;
        int enough = Breaks(2) ? _random.Next(Left) : int.MaxValue;
        DecodeResult accepted = await worker.DecodeAsync(new DecodeRequest(ticket.Id, ticket.RequestId, _produced[^1], Settings(), [], _cluster.GatewayAddress));
        Assert.True(accepted.Accepted, accepted.Error);
        await _cluster.WaitUntilAsync(() => Task.FromResult(inbox.Read() is var (tokens, ended, _) && (ended || tokens.Length >= enough)));
        if (inbox.Read() is { Ended: false })
        {
            await worker.ReleaseAsync(ticket.RequestId);
            _count("left while decoding", 1);
        }

        _cluster.Desk.Close(ticket.RequestId);
        (Outcome[] got, bool whole, string? error) = inbox.Read();
        Array.ForEach(got, Take);
        if (error is not null)
        {
            Fail(error);
            return;
        }

        Assert.True(!whole || Left == 0, $"the stream ended {Left} tokens early");
        _count("drafts verified", inbox.Drafts);
        _count("drafts accepted", inbox.Accepted);
        _count("resumed", had > 1 ? 1 : 0);
    }

    // A failure is an outcome too: the same words as alone, after the same tokens.
    private void Fail(string? error)
    {
        Assert.Equal(_failure, error);
        Assert.Equal(_expected.Length, _produced.Count);
        _failed = true;
    }

    private void Take(Outcome outcome)
    {
        int index = _produced.Count;
        Assert.True(index < _expected.Length, $"token {index}, where alone it fails: {_failure}");
        Outcome.RequireSame(outcome, _expected[index], $"token {index}");
        _produced.Add(outcome.Token);
        _count("tokens compared", 1);
    }

    private void CheckScores(PromptScores scores)
    {
        // A resumed request scores what it has produced as well; that is compared as it is drawn.
        for (int i = 0; i < Math.Min(_scores.Length, scores.Logprobs.Length); i++)
        {
            Outcome outcome = Outcome.Of(
                _job.Prompt[i + 1], scores.Logprobs[i], scores.TopTokens.AsSpan().Slice(i * scores.Top, scores.Top), scores.TopLogprobs.AsSpan().Slice(i * scores.Top, scores.Top));
            Outcome.RequireSame(outcome, _scores[i], $"prompt token {i + 1}");
        }

        _count("prompt tokens scored", _scores.Length);
    }

    private bool Breaks(int oneIn)
    {
        bool breaks = _breaks > 0 && _random.Next(oneIn) == 0;
        _breaks -= breaks ? 1 : 0;
        return breaks;
    }

    private int? AskForScores() => _random.Next(4) == 0 ? _job.TopLogprobs : null;

    private Guid NewId()
    {
        byte[] bytes = new byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private SamplingSettings Settings() => new(
        _job.Sampling.Temperature, _job.Sampling.TopP, _job.Sampling.TopK, _job.Sampling.MinP, _job.Sampling.Seed, _job.TopLogprobs)
    {
        RepetitionPenalty = _job.Sampling.RepetitionPenalty,
        FrequencyPenalty = _job.Sampling.FrequencyPenalty,
        PresencePenalty = _job.Sampling.PresencePenalty,
        LogitBias = [.. _job.Sampling.LogitBias.Select(b => new TokenBias(b.Token, b.Bias))],
        MinTokens = _job.Sampling.MinTokens,
        EndTokens = _job.Sampling.StopTokens,
        PromptTokens = _job.Sampling.PromptTokens,
    };
}
