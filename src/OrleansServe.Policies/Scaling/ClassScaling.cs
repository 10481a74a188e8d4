namespace OrleansServe.Policies.Scaling;

/// <summary>What the fleet keeps ready for one service class.</summary>
/// <param name="Utilization">How busy units may be with the class's work, in (0, 1]: what is left keeps queues short.</param>
/// <param name="FirstToken">The class's target for the first token: a queue of half of it is no reason for more units.</param>
/// <param name="Deferral">How long the class's work may wait for a cheaper hour before units are added for it; zero for not at all.</param>
public sealed record ClassScaling(double Utilization, TimeSpan FirstToken, TimeSpan Deferral = default);
