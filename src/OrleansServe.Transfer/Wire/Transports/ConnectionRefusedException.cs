namespace OrleansServe.Transfer.Wire.Transports;

/// <summary>Nobody listens where a connection was asked for: the process that did is gone.</summary>
public sealed class ConnectionRefusedException : IOException
{
    /// <param name="host">Where.</param>
    /// <param name="port">The port.</param>
    public ConnectionRefusedException(string host, int port)
        : base($"connection refused: nobody listens on {host}:{port}")
    {
    }
}
