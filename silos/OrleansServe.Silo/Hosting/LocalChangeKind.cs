namespace OrleansServe.Silo.Hosting;

/// <summary>What happens to a silo.</summary>
public enum LocalChangeKind
{
    /// <summary>It has started.</summary>
    Started,

    /// <summary>It is told to stop, and hands its work over.</summary>
    Stopping,

    /// <summary>It has left.</summary>
    Stopped,
}
