namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>Why a connection is refused. The numbers are the protocol's.</summary>
internal enum RefusalCode : byte
{
    /// <summary>Another version of the protocol.</summary>
    Version = 1,

    /// <summary>Another cluster.</summary>
    Cluster = 2,

    /// <summary>Another silo, or another start of it, is meant.</summary>
    Incarnation = 3,

    /// <summary>Too many connections.</summary>
    Busy = 4,

    /// <summary>Another silo of the same name is there.</summary>
    Name = 5,
}
