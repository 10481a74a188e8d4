namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>One thing that goes wrong on one connection.</summary>
/// <param name="Connection">Which of the connections, in the order of dialling.</param>
/// <param name="FromDialler">In which direction.</param>
/// <param name="AtByte">At which byte of that direction.</param>
/// <param name="Kind">What happens.</param>
/// <param name="Length">How many bytes it concerns.</param>
internal sealed record FaultPlan(int Connection, bool FromDialler, long AtByte, FaultKind Kind, int Length);
