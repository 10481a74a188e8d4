namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>How many processes of each role.</summary>
internal sealed record ClusterSize(int Gateways = 1, int Prefill = 2, int Decode = 3);
