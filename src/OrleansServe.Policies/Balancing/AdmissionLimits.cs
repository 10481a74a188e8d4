namespace OrleansServe.Policies.Balancing;

/// <summary>What workers may be loaded with.</summary>
/// <param name="MaxQueuedTokens">Prompt tokens queued at one prefill worker. An idle worker takes any prompt.</param>
/// <param name="MaxRequestsPerDecodeWorker">Requests in one decode worker's batch.</param>
/// <param name="Overcommit">Share of its max_tokens that a request is expected not to use, in [0, 1]; see <see cref="KvBlocks.BlockMath.BlocksExpected"/>.</param>
public sealed record AdmissionLimits(long MaxQueuedTokens, int MaxRequestsPerDecodeWorker, double Overcommit);
