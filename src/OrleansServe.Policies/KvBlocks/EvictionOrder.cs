namespace OrleansServe.Policies.KvBlocks;

/// <summary>
/// Which cached block is given away first. Each class of blocks (<see cref="ReuseClass"/>) is kept in the order of use; of the classes' oldest blocks the one goes whose
/// age, divided by the class's weight, is largest. Only blocks without cached successors can go, so that a prefix outlives what was built on it. Age counts the blocks
/// that have become cached since, so the order does not depend on the clock. Allocates nothing after the construction.
/// </summary>
/// <remarks>Invariants: a block waits in its class's heap if and only if it is cached and no cached block succeeds it; a successor is one deeper than its parent.</remarks>
internal sealed class EvictionOrder
{
    private const int None = -1;
    private const int RememberedPerBlock = 2;

    // How much longer a block of each class is kept than one of the class Branch. The longer a conversation has waited, the less likely it is to go on: about as one
    // over the time, so that age over weight ranks by the chance per block and time. docs/routing.md has the measurements.
    private static readonly long[] Weights = [12, 4, 1];

    private readonly StampHeap[] _heaps;
    private readonly EvictedNames _evicted;
    private readonly long[] _stamps;
    private readonly int[] _parents;
    private readonly int[] _depths;
    private readonly int[] _successors;
    private readonly byte[] _uses;
    private readonly ReuseClass[] _classes;
    private readonly bool[] _cached;
    private long _clock;

    public EvictionOrder(int capacity)
    {
        _stamps = new long[capacity];
        _parents = new int[capacity];
        _depths = new int[capacity];
        _successors = new int[capacity];
        _uses = new byte[capacity];
        _classes = new ReuseClass[capacity];
        _cached = new bool[capacity];
        _evicted = new EvictedNames(checked(capacity * RememberedPerBlock));
        int[] places = new int[capacity];
        _heaps = Array.ConvertAll(Weights, _ => new StampHeap(_stamps, places));
    }

    public int Count { get; private set; }

    public bool Contains(int block) => _cached[block];

    /// <summary>Uses of a block's content before the request that last took it, as far as they are remembered; saturated.</summary>
    public byte UsesOf(int block) => _uses[block];

    /// <summary>A block has got new content with this name.</summary>
    public void Begin(int block, UInt128 name)
    {
        _uses[block] = _evicted.TryTake(name, out byte uses) ? OneMore(uses) : (byte)0;
        _depths[block] = None;
    }

    /// <summary>A request has found a block's content.</summary>
    public void Use(int block) => _uses[block] = OneMore(_uses[block]);

    /// <summary>Tells a named block of a chain its place, before the chain is added. The first telling counts.</summary>
    public void Place(int block, int depth)
    {
        if (_depths[block] == None)
        {
            _depths[block] = depth;
        }
    }

    /// <summary>A named block has lost its last holder.</summary>
    /// <param name="block">The block.</param>
    /// <param name="parent">The named block before it in the chain, or -1.</param>
    /// <param name="reuse">Its class.</param>
    public void Add(int block, int parent, ReuseClass reuse)
    {
        // Depths make rings of parents impossible, whatever chains the caller makes up.
        _parents[block] = parent >= 0 && _depths[parent] == _depths[block] - 1 ? parent : None;
        _classes[block] = reuse;
        _stamps[block] = ++_clock;
        _cached[block] = true;
        Count++;
        if (_parents[block] != None)
        {
            // A parent that is cached already may have waited alone until now.
            if (_successors[parent]++ == 0 && _cached[parent])
            {
                Heap(parent).Remove(parent);
            }
        }

        if (_successors[block] == 0)
        {
            Heap(block).Add(block);
        }
    }

    /// <summary>A cached block is held again.</summary>
    public void Remove(int block)
    {
        if (_successors[block] == 0)
        {
            Heap(block).Remove(block);
        }

        _cached[block] = false;
        Count--;
        int parent = _parents[block];
        if (parent != None && --_successors[parent] == 0 && _cached[parent])
        {
            Heap(parent).Add(parent);
        }
    }

    /// <summary>Chooses the block that is worth least, and takes it out.</summary>
    /// <param name="names">[blocks] their names; the block's is remembered.</param>
    public int RemoveFirst(ReadOnlySpan<UInt128> names)
    {
        int chosen = None;
        for (int i = 0; i < _heaps.Length; i++)
        {
            if (_heaps[i].Count > 0 && (chosen == None || IsWorthLess(_heaps[i].First, chosen)))
            {
                chosen = _heaps[i].First;
            }
        }

        if (chosen == None)
        {
            throw new InvalidOperationException("No block is cached.");
        }

        Remove(chosen);
        _evicted.Add(names[chosen], _uses[chosen]);
        return chosen;
    }

    /// <summary>What breaks an invariant, or null.</summary>
    public string? FindFault()
    {
        int[] successors = new int[_cached.Length];
        for (int block = 0; block < _cached.Length; block++)
        {
            if (_cached[block] && _parents[block] != None)
            {
                successors[_parents[block]]++;
            }
        }

        for (int block = 0; block < _cached.Length; block++)
        {
            if (successors[block] != _successors[block])
            {
                return $"block {block} has {successors[block]} cached successors but {_successors[block]} are counted";
            }

            if (_heaps.Any(heap => heap.Contains(block)) != (_cached[block] && successors[block] == 0))
            {
                return $"block {block} wrongly can be evicted or not";
            }
        }

        return null;
    }

    private static byte OneMore(byte uses) => (byte)Math.Min(uses + 1, ChainReuse.CommonUses);

    private StampHeap Heap(int block) => _heaps[(int)_classes[block]];

    /// <summary>Compares ages over weights by cross-multiplication; equal ones go by age alone, which no two blocks share.</summary>
    private bool IsWorthLess(int a, int b)
    {
        long ageA = (_clock + 1 - _stamps[a]) * Weights[(int)_classes[b]];
        long ageB = (_clock + 1 - _stamps[b]) * Weights[(int)_classes[a]];
        return ageA != ageB ? ageA > ageB : _stamps[a] < _stamps[b];
    }
}
