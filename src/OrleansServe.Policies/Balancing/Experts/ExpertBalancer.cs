namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>
/// Decides which device holds which experts, and which experts several hold, so that the device that receives most rows receives as few as can be: in expert parallelism a layer takes as
/// long as its busiest device.
/// </summary>
/// <remarks>
/// DeepSeek's third balancer (inference system overview, open-source week day 6). A plan is never worse than that of the published greedy, EPLB, on any layer, unless an earlier plan limits
/// what may be moved. Equal arguments make equal plans.
/// </remarks>
public static class ExpertBalancer
{
    /// <summary>Largest load of an expert, in any unit: sums stay exact enough.</summary>
    public const double MostLoad = 1e15;

    /// <summary>The most layers that are planned at once.</summary>
    public const int MostLayers = 1024;

    /// <summary>Plans all layers.</summary>
    /// <param name="loads">[layers][experts], what each expert was measured to receive, in any unit.</param>
    /// <param name="shape">Experts and devices.</param>
    /// <param name="previous">[layers][slots], the plan in use, or null to plan without regard to one.</param>
    /// <param name="mostMoved">Share of each layer's replicas that may be moved away from the plan in use, in [0, 1].</param>
    /// <returns>A plan for each layer.</returns>
    /// <exception cref="ArgumentException">A number is wrong; the message names layer, expert or slot, and value.</exception>
    public static IReadOnlyList<LayerPlan> Plan(
        IReadOnlyList<double[]> loads, ExpertClusterShape shape, IReadOnlyList<int[]>? previous = null, double mostMoved = 1)
    {
        ArgumentNullException.ThrowIfNull(loads);
        ArgumentNullException.ThrowIfNull(shape);
        shape.Check();
        CheckLoads(loads, shape);
        CheckPrevious(previous, loads.Count, shape);
        if (!(mostMoved >= 0 && mostMoved <= 1))
        {
            throw new ArgumentException($"mostMoved: must be between 0 and 1, is {mostMoved}");
        }

        LayerPlan[] plans = new LayerPlan[loads.Count];
        Parallel.For(
            0,
            loads.Count,
            () => new LayerPlanner(shape),
            (layer, _, planner) =>
            {
                plans[layer] = planner.Plan(loads[layer], previous?[layer], mostMoved);
                return planner;
            },
            _ => { });
        return plans;
    }

    private static void CheckLoads(IReadOnlyList<double[]> loads, ExpertClusterShape shape)
    {
        if (loads.Count is 0 or > MostLayers)
        {
            throw new ArgumentException($"loads: must have between 1 and {MostLayers} layers, has {loads.Count}");
        }

        for (int layer = 0; layer < loads.Count; layer++)
        {
            double[] row = loads[layer] ?? throw new ArgumentException($"loads: layer {layer} is missing");
            if (row.Length != shape.Experts)
            {
                throw new ArgumentException($"loads: layer {layer} has {row.Length} experts, must have {shape.Experts}");
            }

            for (int expert = 0; expert < row.Length; expert++)
            {
                if (!(row[expert] >= 0 && row[expert] <= MostLoad))
                {
                    throw new ArgumentException($"loads: layer {layer}, expert {expert} must be between 0 and {MostLoad}, is {row[expert]}");
                }
            }
        }
    }

    private static void CheckPrevious(IReadOnlyList<int[]>? previous, int layers, ExpertClusterShape shape)
    {
        if (previous is null)
        {
            return;
        }

        if (previous.Count != layers)
        {
            throw new ArgumentException($"previous: must have {layers} layers, has {previous.Count}");
        }

        bool[] isHeld = new bool[shape.Experts];
        for (int layer = 0; layer < layers; layer++)
        {
            int[] slots = previous[layer] ?? throw new ArgumentException($"previous: layer {layer} is missing");
            if (slots.Length != shape.Slots)
            {
                throw new ArgumentException($"previous: layer {layer} has {slots.Length} slots, must have {shape.Slots}");
            }

            Array.Clear(isHeld);
            for (int slot = 0; slot < slots.Length; slot++)
            {
                if (slots[slot] < 0 || slots[slot] >= shape.Experts)
                {
                    throw new ArgumentException($"previous: layer {layer}, slot {slot} must be an expert below {shape.Experts}, is {slots[slot]}");
                }

                isHeld[slots[slot]] = true;
            }

            if (Array.IndexOf(isHeld, false) is >= 0 and var missing)
            {
                throw new ArgumentException($"previous: layer {layer} lacks expert {missing}");
            }
        }
    }
}
