namespace OrleansServe.Policies.Scaling;

/// <summary>What is to become of one role.</summary>
/// <param name="Units">Units wanted: those that serve and those that are to.</param>
/// <param name="Start">Units to be asked for.</param>
/// <param name="Cancel">Units to be taken back that have no nodes.</param>
/// <param name="Drain">Units to be taken away that serve or start.</param>
/// <param name="Needed">Units that the demand asks for, unrounded: the most from now until a unit started now would serve.</param>
/// <param name="Reason">Why, in words and with the numbers.</param>
public sealed record RoleDecision(int Units, int Start, int Cancel, int Drain, double Needed, string Reason);
