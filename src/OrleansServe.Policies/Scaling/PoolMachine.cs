namespace OrleansServe.Policies.Scaling;

/// <summary>A machine of the pool.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Serving">Pods of ours that are on it, those that are leaving included.</param>
/// <param name="Lent">It is lent to other work.</param>
public readonly record struct PoolMachine(string Name, int Serving, bool Lent);
