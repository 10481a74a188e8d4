namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>One thing that goes wrong.</summary>
/// <param name="Step">At which step.</param>
/// <param name="Occurrence">The how-manieth of its kind in the run, from 0.</param>
/// <param name="Action">What happens.</param>
/// <param name="Amount">How much of it: milliseconds of a delay; where within a frame.</param>
internal sealed record FaultEvent(FaultStep Step, int Occurrence, FaultAction Action, int Amount);
