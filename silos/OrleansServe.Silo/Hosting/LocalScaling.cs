using OrleansServe.Policies.Scaling;

namespace OrleansServe.Silo.Hosting;

/// <summary>How a cluster within one process grows and shrinks.</summary>
/// <param name="Options">How its fleet scales; a node is one silo.</param>
/// <param name="Time">The clock that decisions go by, which may run faster than the others; null for the system's.</param>
/// <param name="Changed">Told of silos that come and go; null if nobody is.</param>
public sealed record LocalScaling(ScalingOptions Options, TimeProvider? Time = null, Action<LocalChange>? Changed = null);
