namespace OrleansServe.Transfer.Wire.Transports;

/// <summary>Accepts byte streams until it is disposed.</summary>
public interface IWireListener : IDisposable
{
    /// <summary>The port listened on.</summary>
    int Port { get; }

    /// <summary>Waits for the next stream.</summary>
    /// <returns>The stream and where it comes from.</returns>
    /// <exception cref="IOException">Accepting failed; the listener may be asked again.</exception>
    /// <exception cref="ObjectDisposedException">The listener is gone.</exception>
    ValueTask<(Stream Stream, string Remote)> AcceptAsync(CancellationToken cancellationToken);
}
