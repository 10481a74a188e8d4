namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>What goes wrong.</summary>
internal enum FaultAction
{
    /// <summary>The frame or the call vanishes.</summary>
    Drop,

    /// <summary>It comes late, and what follows on its connection with it: past what other connections carry.</summary>
    Delay,

    /// <summary>It comes twice.</summary>
    Duplicate,

    /// <summary>It comes behind the next frame, which may be another stream's.</summary>
    Reorder,

    /// <summary>The connection ends within it.</summary>
    Truncate,

    /// <summary>A bit flips.</summary>
    Corrupt,

    /// <summary>The connection ends, and what was on its way with it.</summary>
    Close,

    /// <summary>From here on nothing comes through, and nobody is told.</summary>
    Stall,

    /// <summary>Time passes until tickets have expired.</summary>
    Expire,

    /// <summary>The decode worker gives the request up.</summary>
    AbortDecode,

    /// <summary>The prefill worker is told to give the request up.</summary>
    AbortPrefill,

    /// <summary>The decode silo dies; another takes its place under its name.</summary>
    RestartDecode,

    /// <summary>The prefill silo dies; another takes its place.</summary>
    RestartPrefill,

    /// <summary>The gateway's silo dies, and its sessions with it: its clients ask the one that takes its place.</summary>
    RestartGateway,
}
