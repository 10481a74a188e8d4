using System.Net;

namespace OrleansServe.Silo.Hosting;

/// <summary>The silo of a process that is a whole cluster.</summary>
internal sealed class OwnMembership : ISiloMembership
{
    public void Apply(ISiloBuilder silo) => silo.UseLocalhostClustering(FreePorts.Take(IPAddress.Loopback), gatewayPort: 0);

    public Task PrepareAsync(Action<string, string> onWaiting, CancellationToken cancellationToken) => Task.CompletedTask;
}
