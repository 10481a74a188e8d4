namespace OrleansServe.UnitTests.Transfer.Wire;

internal enum FaultKind
{
    None,

    /// <summary>Some bytes vanish.</summary>
    Drop,

    /// <summary>Some bytes come twice.</summary>
    Duplicate,

    /// <summary>A bit flips.</summary>
    Corrupt,

    /// <summary>The connection ends within a write.</summary>
    Truncate,

    /// <summary>The connection ends, and what was on its way with it.</summary>
    Close,

    /// <summary>Nothing comes through any more, and nobody is told.</summary>
    Stall,
}
