namespace OrleansServe.Silo.Hosting;

/// <summary>How a silo becomes a member of its cluster.</summary>
internal interface ISiloMembership
{
    /// <summary>Configures a silo.</summary>
    void Apply(ISiloBuilder silo);

    /// <summary>Waits for what joining needs.</summary>
    /// <param name="onWaiting">Told what it does, in a few words, and why it is not ready, as a sentence.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="RedisUnreachableException">Redis did not answer within the limit.</exception>
    Task PrepareAsync(Action<string, string> onWaiting, CancellationToken cancellationToken);
}
