namespace OrleansServe.Silo.Options;

/// <summary>How KV blocks, tokens and expert rows go from worker to worker.</summary>
public enum DataPlaneKind
{
    /// <summary>By memory copies within this process.</summary>
    InProcess,

    /// <summary>Over TCP, to silos of other processes and machines too.</summary>
    Tcp,
}
