namespace OrleansServe.Cli.Bench.Serving.Running;

/// <summary>How far a run is. Counted by all requests at once.</summary>
internal sealed class LoadProgress
{
    private int _sent;
    private int _ended;
    private int _failed;
    private int _peak;
    private long _tokens;

    /// <summary>Requests sent.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Requests that have ended.</summary>
    public int Ended => Volatile.Read(ref _ended);

    /// <summary>Those of them that did not finish.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Most requests that were under way at once.</summary>
    public int Peak => Volatile.Read(ref _peak);

    /// <summary>Tokens that have arrived.</summary>
    public long Tokens => Volatile.Read(ref _tokens);

    /// <summary>A request is sent.</summary>
    public void OnSent()
    {
        int underWay = Interlocked.Increment(ref _sent) - Ended;
        int peak = Peak;
        while (underWay > peak)
        {
            peak = Interlocked.CompareExchange(ref _peak, underWay, peak) is var seen && seen == peak ? underWay : seen;
        }
    }

    /// <summary>Tokens arrived.</summary>
    public void OnTokens(int count) => Interlocked.Add(ref _tokens, count);

    /// <summary>A request has ended.</summary>
    public void OnEnded(bool completed)
    {
        if (!completed)
        {
            Interlocked.Increment(ref _failed);
        }

        Interlocked.Increment(ref _ended);
    }
}
