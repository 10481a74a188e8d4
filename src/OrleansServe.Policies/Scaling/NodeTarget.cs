namespace OrleansServe.Policies.Scaling;

/// <summary>How many nodes a platform is to be asked for.</summary>
public static class NodeTarget
{
    /// <summary>
    /// The nodes of the units wanted. Where more are asked for than that, by whomever, only as many fewer as the decision says may leave at once: whatever happened to the platform or to what is
    /// remembered, no fleet is given up in one go.
    /// </summary>
    /// <param name="decision">What is to become of the role.</param>
    /// <param name="role">Its units.</param>
    /// <param name="asked">Nodes that the platform is asked for now.</param>
    /// <exception cref="OverflowException">There would be more nodes than numbers.</exception>
    public static int Of(RoleDecision decision, RoleScaling role, int asked)
    {
        ArgumentNullException.ThrowIfNull(decision);
        ArgumentNullException.ThrowIfNull(role);
        int wanted = checked(decision.Units * role.NodesPerUnit);
        int leaving = checked((decision.Drain + decision.Cancel) * role.NodesPerUnit);
        return wanted >= asked ? wanted : Math.Max(wanted, asked - leaving);
    }
}
