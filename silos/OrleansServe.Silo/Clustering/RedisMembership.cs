using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

using Orleans.Configuration;

using OrleansServe.Grains.Experts.Plans;
using OrleansServe.Grains.Usage;
using OrleansServe.Silo.Hosting;

namespace OrleansServe.Silo.Clustering;

/// <summary>Makes a silo a member of the cluster that a Redis keeps.</summary>
/// <param name="options">Names and addresses.</param>
/// <param name="redis">The way to it.</param>
internal sealed class RedisMembership(Options.SiloOptions options, RedisLink redis) : ISiloMembership
{
    /// <summary>Adds membership by Redis, endpoints, and where grains are looked up.</summary>
    public void Apply(ISiloBuilder silo)
    {
        int port = options.Clustering.Port > 0 ? options.Clustering.Port : FreePorts.Take(options.Clustering.Host);
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.ClusterId, options.Clustering.ServiceId));

        // Nobody but silos calls grains, so that there is no port for clients of Orleans.
        silo.ConfigureEndpoints(options.Clustering.Host, port, gatewayPort: 0, listenOnAnyHostAddress: false);
        silo.UseRedisClustering(clustering =>
        {
            // The link keeps the configuration; the silo lets go of the connection when it ends.
            clustering.ConfigurationOptions = new StackExchange.Redis.ConfigurationOptions();
            clustering.CreateMultiplexer = _ => Task.FromResult((redis.Connection, IsShared: false));
        });
        silo.Configure<ClusterMembershipOptions>(Tune);
        foreach (string storageName in (string[])[UsageStorage.Provider, ExpertStorage.Provider])
        {
            silo.AddRedisGrainStorage(storageName, storage =>
            {
                storage.ConfigurationOptions = new StackExchange.Redis.ConfigurationOptions();
                storage.CreateMultiplexer = _ => Task.FromResult((redis.Connection, IsShared: false));
            });
        }

#pragma warning disable ORLEANSEXP003 // The usual directory deactivates whatever it kept on a silo that died, the scheduler among it; this one finds it again.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.Services.AddSingleton<NodeGrainDirectory>();
        silo.Services.AddSingleton<Orleans.Runtime.GrainDirectory.IGrainDirectoryResolver, NodeGrainDirectoryResolver>();
    }

    public Task PrepareAsync(Action<string, string> onWaiting, CancellationToken cancellationToken) => redis.ConnectAsync(onWaiting, cancellationToken);

    /// <summary>
    /// A silo that was killed is declared dead within about three seconds. Streams do not wait for it, a broken token connection tells them; grain calls under way
    /// to the dead do. Longer answers of a busy machine widen the limit by themselves, up to <see cref="ClusterMembershipOptions.MaxProbeTimeout"/>.
    /// </summary>
    private static void Tune(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = TimeSpan.FromSeconds(1);
        membership.MinProbeTimeout = TimeSpan.FromSeconds(1);
        membership.MaxProbeTimeout = TimeSpan.FromSeconds(5);
        membership.NumMissedProbesLimit = 2;
        membership.NumVotesForDeathDeclaration = 2;
        membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);

        // A cluster of which every silo was killed starts anew once the old entries are older than three of these.
        membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        membership.DefunctSiloExpiration = TimeSpan.FromHours(1);
    }
}
