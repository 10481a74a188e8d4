using System.Net;

namespace OrleansServe.Silo.Options;

/// <summary>How the silo belongs to a cluster of several processes. Without <see cref="Redis"/> the process is a whole cluster.</summary>
public sealed record ClusteringOptions
{
    /// <summary>Configuration string of the Redis that keeps the cluster's membership; it may hold a password and is never shown. Null for a cluster of one process.</summary>
    public string? Redis { get; init; }

    /// <summary>How long Redis is waited for at start.</summary>
    public TimeSpan RedisWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Name of the service: what clusters of one Redis that follow each other have in common.</summary>
    public string ServiceId { get; init; } = "orleansserve";

    /// <summary>Address at which other silos reach this one.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>Port for other silos' calls; 0 for a free one.</summary>
    public int Port { get; init; } = 11111;

    /// <summary>Expert shards of the whole cluster; null for those of this process and the ones before them.</summary>
    public int? ClusterExpertShards { get; init; }

    /// <summary>Index of this process's first expert shard among the cluster's.</summary>
    public int FirstExpertShard { get; init; }
}
