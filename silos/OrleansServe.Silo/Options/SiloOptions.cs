using System.Net;

using OrleansServe.Model.Checkpoints;
using OrleansServe.Policies.Pricing;

namespace OrleansServe.Silo.Options;

/// <summary>Everything that a host is told. <see cref="SiloSetting"/> lists how each is written and what it may be.</summary>
public sealed record SiloOptions
{
    /// <summary>Folder of the model, in HuggingFace form.</summary>
    public required string Model { get; init; }

    /// <summary>Name that requests use for the model; null for the folder's own.</summary>
    public string? ModelName { get; init; }

    /// <summary>Numbers in which workers keep the model's matrices.</summary>
    public WeightFormat Weights { get; init; } = WeightFormat.Native;

    /// <summary>Numbers in which rows go to routed experts.</summary>
    public ExpertRowFormat ExpertRows { get; init; } = ExpertRowFormat.Exact;

    /// <summary>Name of the silo: the node of its workers.</summary>
    public string SiloName { get; init; } = "silo-0";

    /// <summary>Silos of another cluster are not talked to.</summary>
    public string ClusterId { get; init; } = "orleansserve";

    /// <summary>What the silo does.</summary>
    public SiloRole Roles { get; init; } = SiloRole.All;

    /// <summary>Address that both servers listen on.</summary>
    public IPAddress Listen { get; init; } = IPAddress.Loopback;

    /// <summary>Port of gRPC (HTTP/2 with prior knowledge); 0 for a free one.</summary>
    public int Port { get; init; } = 50051;

    /// <summary>Port of metrics and probes (HTTP/1.1); 0 for a free one.</summary>
    public int HttpPort { get; init; } = 8080;

    /// <summary>How the silo belongs to a cluster of several processes, if it does.</summary>
    public ClusteringOptions Clustering { get; init; } = new();

    /// <summary>How workers reach each other.</summary>
    public DataPlaneOptions DataPlane { get; init; } = new();

    /// <summary>Prefill workers on this silo.</summary>
    public int PrefillWorkers { get; init; } = 1;

    /// <summary>Decode workers on this silo.</summary>
    public int DecodeWorkers { get; init; } = 1;

    /// <summary>Expert shards on this silo; 0 leaves the experts to the other workers.</summary>
    public int ExpertShards { get; init; } = 2;

    /// <summary>Where experts are.</summary>
    public ExpertOptions Experts { get; init; } = new();

    /// <summary>KV blocks of 64 tokens of each prefill and decode worker.</summary>
    public int KvBlocks { get; init; } = 512;

    /// <summary>Tokens of one model step at most.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>Requests that a worker holds at most, running and waiting.</summary>
    public int MaxRequests { get; init; } = 256;

    /// <summary>Drafts of each stream that a step verifies at most, where the model has an MTP layer; 0 turns drafting off.</summary>
    public int SpeculativeTokens { get; init; } = 1;

    /// <summary>Rows of a step from which on it goes in two microbatches where rows leave the silo; 0 for never.</summary>
    public int OverlapRows { get; init; } = 8;

    /// <summary>Threads of each engine; 0 for one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>How long running answers may go on once the host is told to stop.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a process that cannot start stays to say why, before it ends; zero ends it at once.</summary>
    public TimeSpan FaultHold { get; init; }

    /// <summary>What the cluster promises its clients, and how much it takes on.</summary>
    public ServingOptions Serving { get; init; } = new();

    /// <summary>What tokens are sold for and nodes cost.</summary>
    public PriceList Prices { get; init; } = new();

    /// <summary>What a gateway does about the size of the fleet.</summary>
    public FleetOptions Fleet { get; init; } = new();

    /// <summary>Log what happens, not only what goes wrong.</summary>
    public bool Verbose { get; init; }

    /// <summary>Write logs as one JSON object a line.</summary>
    public bool JsonLogs { get; init; }
}
