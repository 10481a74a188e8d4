namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Plans layers of one shape, one after the other; not for several threads at once.</summary>
internal sealed class LayerPlanner
{
    private readonly ExpertClusterShape _shape;
    private readonly int _nodes;
    private readonly int _nodeSlots;
    private readonly PartPlanner _part;
    private readonly GroupAssignment _groups;
    private readonly GreedyReplication _replication;
    private readonly double[] _partLoads;
    private readonly int[] _counts;
    private readonly double[] _ones;
    private readonly ShareLevelling _levelling;

    /// <param name="shape">Experts and devices; checked.</param>
    public LayerPlanner(ExpertClusterShape shape)
    {
        _shape = shape;
        _nodes = shape.IsHierarchical ? shape.Nodes : 1;
        _nodeSlots = shape.Slots / _nodes;
        _part = new PartPlanner(shape.Experts / _nodes, _nodeSlots, shape.Devices / _nodes);
        _groups = new GroupAssignment(shape.Experts, shape.IsHierarchical ? shape.Groups : 1, _nodes);
        _replication = new GreedyReplication(shape.Experts);
        _partLoads = new double[shape.Experts / _nodes];
        _counts = new int[shape.Experts];
        _ones = new double[shape.Experts];
        Array.Fill(_ones, 1);
        _levelling = new ShareLevelling(shape.Experts, shape.Slots, shape.Devices);
    }

    /// <summary>Plans a layer.</summary>
    /// <param name="loads">Load of each expert.</param>
    /// <param name="previous">The earlier plan's slots, or null.</param>
    /// <param name="mostMoved">Share of the replicas that may be moved.</param>
    public LayerPlan Plan(double[] loads, int[]? previous, double mostMoved)
    {
        double total = loads.Sum();
        if (total == 0)
        {
            return PlanIdle(previous);
        }

        _groups.PackLongestFirst(loads);
        int[] slots = new int[_shape.Slots];
        Outcome outcome = PlanNodes(loads, slots);
        double greedy = outcome.Published;
        if (_groups.Improve())
        {
            int[] other = new int[_shape.Slots];
            if (PlanNodes(loads, other) is var improved && improved.Largest < outcome.Largest)
            {
                slots = other;
                outcome = improved;
            }
        }

        double mean = total / _shape.Devices;
        double least = Math.Max(mean, _replication.Count(loads, _shape.Slots, int.MaxValue, _counts));
        LayerPlan plan = Share(slots, loads, outcome.IsSearched ? PlanOrigin.Searched : PlanOrigin.Greedy, mean, greedy, least);
        return previous is null ? plan : Follow(plan, loads, previous, mostMoved);
    }

    // Without load there is nothing to balance, and nothing worth moving.
    private LayerPlan PlanIdle(int[]? previous) => previous is not null
        ? Share([.. previous], _ones, PlanOrigin.Kept, 0, 0, 0) with { LargestLoad = 0, UniformLargestLoad = 0 }
        : Plan(_ones, null, 1) with { LargestLoad = 0, UniformLargestLoad = 0, MeanLoad = 0, GreedyLargestLoad = 0, LeastLoad = 0 };

    private LayerPlan Share(int[] slots, double[] loads, PlanOrigin origin, double mean, double greedy, double least)
    {
        double[] shares = new double[slots.Length];
        double largest = _levelling.Level(slots, loads, shares);
        return new LayerPlan(slots, shares, origin, largest, _levelling.UniformLargest, mean, greedy, least, 0);
    }

    private LayerPlan Follow(LayerPlan fresh, double[] loads, int[] previous, double mostMoved)
    {
        OverlapMatching.Reorder(fresh.Slots, previous, _nodeSlots);
        for (int node = 0; node < _nodes; node++)
        {
            OverlapMatching.Reorder(fresh.Slots.AsSpan(node * _nodeSlots, _nodeSlots), previous.AsSpan(node * _nodeSlots, _nodeSlots), _shape.SlotsPerDevice);
        }

        int moved = OverlapMatching.Moved(fresh.Slots, previous, _shape.SlotsPerDevice);
        LayerPlan replaced = fresh with { Moved = moved };
        bool mayReplace = moved <= (int)(mostMoved * _shape.Slots);
        if (!_groups.Read(previous))
        {
            // The earlier plan does not keep groups on nodes: there is no way from it but anew.
            return replaced;
        }

        // Shares belong to slots, which have another order now.
        replaced = Share(replaced.Slots, loads, replaced.Origin, replaced.MeanLoad, replaced.GreedyLargestLoad, replaced.LeastLoad) with { Moved = moved };
        int[] adapted = [.. previous];
        AdaptNodes(loads, adapted, mostMoved, fresh.UniformLargestLoad);
        int adaptedMoves = OverlapMatching.Moved(adapted, previous, _shape.SlotsPerDevice);
        LayerPlan follows = Share(adapted, loads, adaptedMoves == 0 ? PlanOrigin.Kept : PlanOrigin.Adapted, fresh.MeanLoad, fresh.GreedyLargestLoad, fresh.LeastLoad) with { Moved = adaptedMoves };
        return mayReplace && fresh.LargestLoad < follows.LargestLoad ? replaced : follows;
    }

    private void AdaptNodes(double[] loads, int[] slots, double mostMoved, double freshLargest)
    {
        int[] local = new int[_nodeSlots];
        double[] fresh = new double[_nodes];
        int[] order = new int[_nodes];
        for (int node = 0; node < _nodes; node++)
        {
            fresh[node] = PlanNode(loads, node, local, freshLargest);
            order[node] = node;
        }

        // Lighter nodes need not become lighter than the heaviest can: what they leave of the moves goes to the heavier ones.
        Array.Sort((double[])fresh.Clone(), order);
        double enough = fresh.Max();
        int moves = (int)(mostMoved * slots.Length);
        for (int i = 0; i < _nodes; i++)
        {
            Span<int> part = slots.AsSpan(order[i] * _nodeSlots, _nodeSlots);
            int[] before = part.ToArray();
            ReadOnlySpan<int> experts = LoadNode(loads, order[i]);
            _part.Prepare(_partLoads);
            for (int slot = 0; slot < part.Length; slot++)
            {
                local[slot] = _groups.PlaceOf(part[slot]);
            }

            _part.Adapt(enough, local, moves / (_nodes - i));
            Write(local, experts, part);
            moves -= OverlapMatching.Moved(part, before, _shape.SlotsPerDevice);
        }
    }

    // A global plan's only part is planned already.
    private double PlanNode(double[] loads, int node, int[] local, double freshLargest)
    {
        if (_nodes == 1)
        {
            return freshLargest;
        }

        _ = LoadNode(loads, node);
        return _part.Plan(_partLoads, local).Largest;
    }

    private Outcome PlanNodes(double[] loads, int[] slots)
    {
        Outcome outcome = new(0, 0, true);
        int[] local = new int[_nodeSlots];
        for (int node = 0; node < _nodes; node++)
        {
            ReadOnlySpan<int> experts = LoadNode(loads, node);
            PartFigures figures = _part.Plan(_partLoads, local);
            Write(local, experts, slots.AsSpan(node * _nodeSlots, _nodeSlots));
            outcome = new Outcome(
                Math.Max(outcome.Largest, figures.Largest), Math.Max(outcome.Published, figures.Published), outcome.IsSearched && figures.IsSearched);
        }

        return outcome;
    }

    private ReadOnlySpan<int> LoadNode(double[] loads, int node)
    {
        ReadOnlySpan<int> experts = _groups.ExpertsOf(node);
        for (int i = 0; i < experts.Length; i++)
        {
            _partLoads[i] = loads[experts[i]];
        }

        return experts;
    }

    private static void Write(ReadOnlySpan<int> local, ReadOnlySpan<int> experts, Span<int> slots)
    {
        for (int slot = 0; slot < slots.Length; slot++)
        {
            slots[slot] = experts[local[slot]];
        }
    }

    private readonly record struct Outcome(double Largest, double Published, bool IsSearched);
}
