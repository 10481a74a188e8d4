using System.Net;

namespace OrleansServe.Silo.Options;

/// <summary>The settings of <see cref="ClusteringOptions"/>, and what they ask of the others.</summary>
internal static class ClusteringSettings
{
    public static IReadOnlyList<SiloSetting> All { get; } =
    [
        Of("Redis", "--redis", "SERVER", "Redis of a cluster of several processes: HOST:PORT or a StackExchange.Redis configuration string", (c, v) => c with { Redis = SiloSetting.Text(v) }),
        Of("RedisWaitSeconds", "--redis-wait-seconds", "N", "How long Redis is waited for at start (default 300)", (c, v) => c with { RedisWait = TimeSpan.FromSeconds(SiloSetting.Number(v, 1, 86_400)) }),
        Of("ServiceId", "--service-id", "NAME", "Name that the service keeps in Redis (default orleansserve)", (c, v) => c with { ServiceId = SiloSetting.Name(v) }),
        Of("SiloHost", "--silo-host", "ADDR", "Address at which other silos reach this one, its data plane included (default 127.0.0.1)", (c, v) => c with { Host = SiloSetting.Address(v) }),
        Of("SiloPort", "--silo-port", "N", "Port for other silos' calls; 0 takes a free one (default 11111)", (c, v) => c with { Port = SiloSetting.Number(v, 0, IPEndPoint.MaxPort) }),
        Of("ClusterExperts", "--cluster-experts", "N", "Expert shards of the whole cluster, the same for all of its processes (default: those of this process)", (c, v) => c with { ClusterExpertShards = SiloSetting.Number(v, 0, 4096) }),
        Of("FirstExpert", "--first-expert", "N", "Index of this process's first expert shard among the cluster's; from --cluster-experts on its shards join with nothing and get experts from the next plan (default 0)", (c, v) => c with { FirstExpertShard = SiloSetting.Number(v, 0, 4095) }),
    ];

    /// <summary>Fills in what a silo of several processes takes for granted unless told otherwise, and finds what cannot be so.</summary>
    /// <param name="options">What was given, over the defaults.</param>
    /// <param name="isGiven">Whether a setting, by key, was given.</param>
    /// <param name="faults">Gets a line for each fault.</param>
    public static SiloOptions Complete(SiloOptions options, Func<string, bool> isGiven, List<string> faults)
    {
        if (options.Clustering.Redis is null)
        {
            foreach (SiloSetting setting in All.Where(setting => isGiven(setting.Key)))
            {
                faults.Add($"{setting.Flag} says something of a cluster of several processes, which needs --redis");
            }

            return options;
        }

        ClusteringOptions clustering = options.Clustering;
        if (clustering.Host.Equals(IPAddress.Any) || clustering.Host.Equals(IPAddress.IPv6Any))
        {
            faults.Add($"--silo-host must be an address that other silos can reach, not {clustering.Host}");
        }

        if (isGiven("DataPlane") && options.DataPlane.Kind != DataPlaneKind.Tcp)
        {
            faults.Add("--data-plane must be tcp where there are several processes");
        }

        if (!isGiven("SiloName"))
        {
            if (clustering.Port == 0)
            {
                faults.Add("--silo-name must be given where --silo-port is 0: silos of one cluster have names of their own");
            }

            options = options with { SiloName = $"{Environment.MachineName}-{clustering.Port}" };
        }

        int shards = options.Roles.HasFlag(SiloRole.Expert) ? options.ExpertShards : 0;
        if (clustering.ClusterExpertShards is { } all && shards > 0 && clustering.FirstExpertShard < all && clustering.FirstExpertShard + shards > all)
        {
            faults.Add($"--cluster-experts must be at least --first-expert plus --experts, which is {clustering.FirstExpertShard + shards}, not {all}");
        }

        // What other silos dial is one address; what is listened on is that one, unless a pod or a container has it otherwise.
        return options with
        {
            DataPlane = options.DataPlane with
            {
                Kind = DataPlaneKind.Tcp,
                Listen = isGiven("DataPlaneListen") ? options.DataPlane.Listen : clustering.Host,
                AdvertisedHost = options.DataPlane.AdvertisedHost ?? clustering.Host.ToString(),
            },
        };
    }

    private static SiloSetting Of(string key, string flag, string value, string help, Func<ClusteringOptions, string, ClusteringOptions> apply) =>
        new(key, flag, value, help, (options, text) => options with { Clustering = apply(options.Clustering, text) });
}
