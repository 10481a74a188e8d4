namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>One of two silos does not want to talk to the other.</summary>
internal sealed class HandshakeRefusedException(RefusalCode code, string reason) : Exception(reason)
{
    public RefusalCode Code { get; } = code;
}
