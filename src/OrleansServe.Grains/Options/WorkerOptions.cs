namespace OrleansServe.Grains.Options;

/// <summary>The workers of one silo.</summary>
public sealed class WorkerOptions
{
    /// <summary>Name of the silo; the first half of its workers' keys.</summary>
    public string Node { get; set; } = "";

    /// <summary>Prefill workers on this silo.</summary>
    public int PrefillWorkers { get; set; } = 1;

    /// <summary>Decode workers on this silo.</summary>
    public int DecodeWorkers { get; set; } = 1;

    /// <summary>Expert shards on this silo.</summary>
    public int ExpertShards { get; set; } = 2;

    /// <summary>Index of this silo's first shard among the cluster's; from <see cref="ClusterExpertShards"/> on they join with nothing, and get experts from the next plan.</summary>
    public int FirstExpertShard { get; set; }

    /// <summary>
    /// Expert shards in the whole cluster; each holds an equal share of every layer's routed experts. 0: the attention workers hold
    /// all routed experts themselves.
    /// </summary>
    public int ClusterExpertShards { get; set; } = 2;

    /// <summary>
    /// Experts of each layer that a shard of this silo holds: what is beyond an equal share holds replicas. 0: an equal share. Plans keep to it, unless there are too few slots for
    /// all experts.
    /// </summary>
    public int ExpertSlots { get; set; }

    /// <summary>
    /// Which experts each shard of the cluster begins with, the same in every layer; empty for equal shares. As long as <see cref="ClusterExpertShards"/>.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>> ExpertPlan { get; set; } = [];

    /// <summary>Bytes of experts that a shard loads in a second while it serves, so that its disk and memory are left to others too; 0 for as fast as it can.</summary>
    public long ExpertLoadBytesPerSecond { get; set; } = 256L << 20;

    /// <summary>KV blocks of 64 tokens of each prefill and decode worker.</summary>
    public int KvBlocks { get; set; } = 512;

    /// <summary>Tokens of one step at most: the chunk that a long prompt is cut into.</summary>
    public int MaxBatchTokens { get; set; } = 512;

    /// <summary>Requests that a worker holds at most, running and waiting.</summary>
    public int MaxRequests { get; set; } = 256;

    /// <summary>Threads of each engine; 0 for one per processor.</summary>
    public int Threads { get; set; }

    /// <summary>Rows of a step from which on it goes in two microbatches where rows leave the silo; 0 for never.</summary>
    public int OverlapRows { get; set; } = 8;

    /// <summary>
    /// Drafts that a decode worker has verified for one stream in one step at most, where the model has an MTP layer; fewer or none under load. 0 turns
    /// drafting off.
    /// </summary>
    public int SpeculativeTokens { get; set; } = 1;

    /// <summary>Rows of a step whose own cost equals what a step costs whatever is in it: decides under what load drafting still pays.</summary>
    public int DraftBreakEvenRows { get; set; } = 32;

    /// <summary>How long a reservation waits for its KV, or for the next block of it once it has begun to come.</summary>
    public TimeSpan TicketLifetime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a decode worker may take over one layer of one KV block that it is sent.</summary>
    public TimeSpan TransferTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an engine waits for an expert shard's answer.</summary>
    public TimeSpan ExpertTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long rows wait for an expert that no shard can compute, while it is loaded elsewhere.</summary>
    public TimeSpan ExpertWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the workers have to empty themselves when their silo is told to stop.</summary>
    public TimeSpan DrainLimit { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest time between two reports to the scheduler.</summary>
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The shortest time between two reports, however much changes.</summary>
    public TimeSpan MinReportInterval { get; set; } = TimeSpan.FromMilliseconds(10);
}
