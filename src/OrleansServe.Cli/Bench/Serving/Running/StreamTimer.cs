using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Bench.Serving.Running;

/// <summary>Notes when the parts of one stream arrive.</summary>
internal sealed class StreamTimer(TimeProvider time)
{
    private readonly long _sent = time.GetTimestamp();
    private readonly List<float> _gaps = [];
    private long _first;
    private long _last;
    private Started? _started;
    private Finished? _finished;

    /// <summary>Tokens so far.</summary>
    public int Tokens { get; private set; }

    /// <summary>Takes a message in.</summary>
    /// <returns>False if it is out of turn.</returns>
    public bool Accept(GenerateResponse response)
    {
        if (_finished is not null || (_started is null) != (response.EventCase == GenerateResponse.EventOneofCase.Started))
        {
            return false;
        }

        switch (response.EventCase)
        {
            case GenerateResponse.EventOneofCase.Started:
                _started = response.Started;
                return true;
            case GenerateResponse.EventOneofCase.Delta:
                Arrived(response.Delta.TokenIds.Count);
                return true;
            case GenerateResponse.EventOneofCase.Finished:
                _finished = response.Finished;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Closes the account.</summary>
    /// <param name="runBegin">Timestamp of the start of the run.</param>
    /// <param name="due">When the request was planned.</param>
    /// <param name="outcome">How it ended, as far as the transport knows.</param>
    /// <param name="detail">What was said about it.</param>
    public RequestRecord End(long runBegin, TimeSpan due, string outcome, string detail)
    {
        if (outcome == RequestRecord.Completed && _finished is null)
        {
            (outcome, detail) = (RequestRecord.Malformed, "the stream ended before it was finished");
        }

        TimeSpan sent = time.GetElapsedTime(runBegin, _sent);
        return new RequestRecord
        {
            Sent = sent,
            SendDelay = sent > due ? sent - due : TimeSpan.Zero,
            Outcome = outcome,
            Detail = detail,
            TimeToFirstToken = Tokens > 0 ? time.GetElapsedTime(_sent, _first) : null,
            Total = time.GetElapsedTime(_sent),
            Generating = time.GetElapsedTime(_first, _last),
            Gaps = _gaps,
            OutputTokens = Tokens,
            InputTokens = _started?.PromptTokens ?? 0,
            CachedInputTokens = _started?.CachedPromptTokens ?? 0,
            ServerTimeToFirstToken = Seconds(_finished?.Timing?.TimeToFirstTokenSeconds),
            ServerQueueTime = Seconds(_finished?.Timing?.QueueSeconds),
            ReachedLength = _finished?.Reason == Finished.Types.Reason.Length,
        };
    }

    private void Arrived(int tokens)
    {
        if (tokens == 0)
        {
            return;
        }

        long now = time.GetTimestamp();
        if (Tokens == 0)
        {
            _first = now;
        }
        else
        {
            _gaps.Add((float)time.GetElapsedTime(_last, now).TotalSeconds);
        }

        _last = now;
        Tokens += tokens;
    }

    // A server that is not ours may send anything.
    private static TimeSpan? Seconds(double? value) =>
        value is { } seconds && seconds >= 0 && seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
}
