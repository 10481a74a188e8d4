namespace OrleansServe.Cli.Bench.Serving.Running;

/// <summary>What a run brought.</summary>
/// <param name="Requests">Every request that was sent, in order of arrival.</param>
/// <param name="Planned">How many there were to be.</param>
/// <param name="Duration">From the start until the last request had ended.</param>
/// <param name="PeakConcurrency">Most requests that were under way at once.</param>
/// <param name="Interrupted">The run was ended early.</param>
internal sealed record LoadRecord(IReadOnlyList<RequestRecord> Requests, int Planned, TimeSpan Duration, int PeakConcurrency, bool Interrupted);
