namespace OrleansServe.Cli.Bench.Control;

/// <summary>What has passed so far; counted on any thread.</summary>
internal sealed class ControlCounters
{
    private long _sampled;
    private long _delivered;
    private long _messages;
    private long _completed;
    private long _failed;

    /// <summary>Tokens that engines have sampled.</summary>
    public long SampledTokens => Volatile.Read(ref _sampled);

    /// <summary>Tokens written to clients' streams.</summary>
    public long DeliveredTokens => Volatile.Read(ref _delivered);

    /// <summary>Messages with tokens written to clients' streams.</summary>
    public long Messages => Volatile.Read(ref _messages);

    /// <summary>Requests that ended well.</summary>
    public long Completed => Volatile.Read(ref _completed);

    /// <summary>Requests that ended otherwise.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>An engine has stepped.</summary>
    public void Sampled(int tokens) => Interlocked.Add(ref _sampled, tokens);

    /// <summary>A message has been written.</summary>
    public void Delivered(int tokens)
    {
        Interlocked.Add(ref _delivered, tokens);
        Interlocked.Increment(ref _messages);
    }

    /// <summary>A request has ended.</summary>
    public void Ended(bool well) => Interlocked.Increment(ref well ? ref _completed : ref _failed);
}
