using OrleansServe.Simulation.Fleet;

namespace OrleansServe.Simulation.Runs;

/// <summary>What happens, and to whom.</summary>
/// <param name="Kind">What.</param>
/// <param name="Unit">To whom; null where it concerns all.</param>
/// <param name="Blocks">KV blocks that come back.</param>
/// <param name="Requests">Requests that end.</param>
/// <param name="OutputTokens">Tokens that they have produced.</param>
internal readonly record struct SimulatedEvent(EventKind Kind, FleetUnit? Unit = null, int Blocks = 0, long Requests = 0, long OutputTokens = 0);
