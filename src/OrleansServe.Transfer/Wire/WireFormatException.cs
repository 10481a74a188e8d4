namespace OrleansServe.Transfer.Wire;

/// <summary>What came over a connection of the data plane does not keep to the protocol; the connection is given up.</summary>
public sealed class WireFormatException : Exception
{
    /// <param name="reason">Which field is wrong, with limit and value.</param>
    public WireFormatException(string reason)
        : base(reason)
    {
    }
}
