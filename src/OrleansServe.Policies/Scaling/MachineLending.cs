namespace OrleansServe.Policies.Scaling;

/// <summary>Which machines of a pool are lent to other work, and which are taken back.</summary>
public static class MachineLending
{
    /// <summary>
    /// Machines without a pod of ours are lent, except as many as pods are to come: those are taken back before the pods are asked for. As few change hands as possible; of machines that are
    /// alike the first by name stays ours. Does not depend on the order of the machines.
    /// </summary>
    /// <param name="machines">The pool.</param>
    /// <param name="coming">Pods that have no machine yet, or are about to be asked for.</param>
    /// <returns>Machines to lend and machines to take back, each by name.</returns>
    public static (IReadOnlyList<string> Lend, IReadOnlyList<string> TakeBack) Plan(IReadOnlyCollection<PoolMachine> machines, int coming)
    {
        ArgumentNullException.ThrowIfNull(machines);
        ArgumentOutOfRangeException.ThrowIfNegative(coming);

        // A machine for each pod that comes: that several may fit on one shows once they have come.
        HashSet<string> kept = [.. machines
            .Where(machine => machine.Serving == 0)
            .OrderBy(machine => machine.Lent)
            .ThenBy(machine => machine.Name, StringComparer.Ordinal)
            .Take(coming)
            .Select(machine => machine.Name)];
        PoolMachine[] ordered = [.. machines.OrderBy(machine => machine.Name, StringComparer.Ordinal)];
        return (
            [.. ordered.Where(machine => !machine.Lent && machine.Serving == 0 && !kept.Contains(machine.Name)).Select(machine => machine.Name)],
            [.. ordered.Where(machine => machine.Lent && (machine.Serving > 0 || kept.Contains(machine.Name))).Select(machine => machine.Name)]);
    }
}
