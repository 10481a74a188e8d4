using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Instruments;
using OrleansServe.Gateway.Text;
using OrleansServe.Gateway.Tokens;
using OrleansServe.Model.Tokenization;
using OrleansServe.Protocol.V1;
using OrleansServe.Transfer.Tokens;
using Reason = OrleansServe.Protocol.V1.Finished.Types.Reason;

namespace OrleansServe.Gateway.Sessions;

/// <summary>Turns the tokens of one sample into the messages of its stream, counts them, and decides when the answer is over.</summary>
internal sealed class AnswerAssembler
{
    /// <summary>Tokens of a delta at most: a client that was away for long must not get a message beyond its limit.</summary>
    public const int MaxTokensPerDelta = 256;

    private readonly Generation _request;
    private readonly int _sample;
    private readonly AnswerText _text;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly List<int> _produced = [];
    private long _lastToken;
    private bool _begun;

    /// <param name="request">The request.</param>
    /// <param name="sample">Which of its samples.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="metrics">Receives the time between tokens.</param>
    /// <param name="time">The clock.</param>
    public AnswerAssembler(Generation request, int sample, Tokenizer tokenizer, GatewayMetrics metrics, TimeProvider time)
    {
        _request = request;
        _sample = sample;
        _metrics = metrics;
        _time = time;
        _text = new AnswerText(tokenizer, request.Chat, request.Thinking, request.Stop.Strings);
    }

    /// <summary>Why the answer is over; unspecified while it is not.</summary>
    public Reason Reason { get; private set; }

    /// <summary>Whether the answer is over.</summary>
    public bool IsOver => Reason != Reason.Unspecified;

    /// <summary>The stop token that ended the answer, if the request asked for it.</summary>
    public int? MatchedToken { get; private set; }

    /// <summary>The stop string that ended the answer.</summary>
    public string? MatchedString => _text.MatchedStop;

    /// <summary>Tokens produced, the end token included.</summary>
    public IReadOnlyList<int> Produced => _produced;

    /// <summary>How many they are.</summary>
    public int CompletionTokens => _produced.Count;

    /// <summary>When the last of them came; when the request's first one did for a sample that has none yet.</summary>
    public long LastToken => _lastToken;

    /// <summary>How many of them were reasoning.</summary>
    public int ReasoningTokens => _text.ReasoningTokens;

    /// <summary>Drafts that were verified for the answer.</summary>
    public int DraftedTokens { get; private set; }

    /// <summary>How many of its tokens had been drafted.</summary>
    public int AcceptedDraftTokens { get; private set; }

    /// <summary>Says when the request's first token came, from which on a sample that has none yet measures its time between tokens.</summary>
    public void Begin(long timestamp)
    {
        _begun = true;
        _lastToken = timestamp;
    }

    /// <summary>Takes in a token that prefill sampled: the first one, or the next after an interruption.</summary>
    /// <param name="first">The token.</param>
    /// <param name="timestamp">When it came.</param>
    public Delta Accept(TokenSample first, long timestamp)
    {
        Delta delta = new();
        Time(timestamp);
        Take(first.Token, TokenStreamEnd.None);
        Report(delta, first.Token, first.Logprob, first.TopTokens.AsSpan(), first.TopLogprobs.AsSpan());
        return Complete(delta);
    }

    /// <summary>Takes in tokens of this sample until those that follow each other, the delta or the answer are at their end.</summary>
    /// <param name="batch">Tokens that have come.</param>
    /// <param name="from">The first one not taken in yet, one of this sample; moves on.</param>
    public Delta Accept(TokenBatch batch, ref int from)
    {
        Delta delta = new();
        int upTo = Math.Min(batch.Count, from + MaxTokensPerDelta);
        while (from < upTo && !IsOver && batch.Tokens[from].Sample == _sample)
        {
            ref readonly ReceivedToken token = ref batch.Tokens[from++];
            Time(token.Timestamp);
            DraftedTokens += token.Origin.Drafted;
            AcceptedDraftTokens += token.Origin.IsDraft ? 1 : 0;
            Take(token.Token, token.End);
            Report(delta, token.Token, token.Logprob, batch.TopTokens(in token), batch.TopLogprobs(in token));
        }

        return Complete(delta);
    }

    private void Time(long timestamp)
    {
        if (_begun)
        {
            _metrics.InterTokenLatency.Observe(_time.GetElapsedTime(_lastToken, timestamp).TotalSeconds);
        }

        _begun = true;
        _lastToken = timestamp;
    }

    private void Take(int token, TokenStreamEnd end)
    {
        _produced.Add(token);
        if (_request.Stop.EndTokens.Contains(token) || end == TokenStreamEnd.StopToken)
        {
            _text.AppendEnd();
            Reason = Reason.Stop;
            MatchedToken = _text.MatchedStop is null && _request.Stop.AskedTokens.Contains(token) ? token : null;
        }
        else if (_text.Append(token))
        {
            Reason = Reason.Stop;
        }
        else if (CompletionTokens == _request.MaxTokens || end == TokenStreamEnd.Length)
        {
            _text.Flush();
            Reason = _text.MatchedStop is null ? Reason.Length : Reason.Stop;
        }
    }

    private void Report(Delta delta, int token, float logprob, ReadOnlySpan<int> topTokens, ReadOnlySpan<float> topLogprobs)
    {
        delta.TokenIds.Add(token);
        if (!_request.Logprobs)
        {
            return;
        }

        TokenLogprob entry = new() { TokenId = token, Logprob = logprob };
        int count = Math.Min(_request.Sampling.TopLogprobs, topTokens.Length);
        for (int i = 0; i < count; i++)
        {
            entry.Top.Add(new TopLogprob { TokenId = topTokens[i], Logprob = topLogprobs[i] });
        }

        delta.Logprobs.Add(entry);
    }

    private Delta Complete(Delta delta)
    {
        delta.Index = _sample;
        delta.Text = _text.TakeAnswer();
        delta.ReasoningText = _text.TakeReasoning();
        return delta;
    }
}
