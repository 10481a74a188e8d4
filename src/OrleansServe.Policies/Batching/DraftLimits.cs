namespace OrleansServe.Policies.Batching;

/// <summary>What drafting costs on an engine and how far it may go.</summary>
/// <param name="MostDrafts">Drafts of one stream in one step at most; 0 turns drafting off.</param>
/// <param name="BreakEvenRows">
/// Rows whose own cost equals what a step costs whatever is in it (reading weights, waiting for shards): the more, the cheaper a row that verifies
/// a draft. Above 0.
/// </param>
/// <param name="PassCost">Time of one pass of the draft layer as a share of a plain step's with the same streams, at least 0.</param>
public readonly record struct DraftLimits(int MostDrafts, double BreakEvenRows, double PassCost);
