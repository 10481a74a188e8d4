namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>
/// How long a peer that is dialled may take until it has said who it is: as long as one that is connected may be silent, so that what waits for it is given up
/// within the same time. Counted in ticks like the keep-alive, and for the same reason.
/// </summary>
internal sealed class DialLimit : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly ITimer _timer;
    private int _left;

    public DialLimit(WireOptions options, TimeProvider time)
    {
        _left = options.MissedPings + 1;
        TimeSpan whole = options.PingInterval * _left;
        TimeSpan tick = whole <= options.HandshakeTimeout ? options.PingInterval : options.HandshakeTimeout / _left;
        Length = tick * _left;
        _timer = time.CreateTimer(static self => ((DialLimit)self!).Tick(), this, tick, tick);
    }

    /// <summary>How long that is.</summary>
    public TimeSpan Length { get; }

    /// <summary>Cancelled when it is over.</summary>
    public CancellationToken Token => _over.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _over.Dispose();
    }

    private void Tick()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            try
            {
                _over.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The answer came with the last tick.
            }
        }
    }
}
