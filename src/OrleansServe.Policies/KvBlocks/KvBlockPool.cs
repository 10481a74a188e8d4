namespace OrleansServe.Policies.KvBlocks;

/// <summary>
/// Who holds which KV block, and which free blocks still serve as prefix cache. A block is held (references &gt; 0), cached (no references, but
/// its content has a name and can be taken up again) or free. Cached blocks are given away only when no free one is left, those first that are
/// least likely to be used again (<see cref="EvictionOrder"/>). Not thread-safe: it belongs to one engine's thread.
/// </summary>
/// <remarks>Invariant: held + cached + free = <see cref="Count"/>; a name belongs to at most one block.</remarks>
public sealed class KvBlockPool
{
    private const int TurnTokens = 3072;

    private readonly int[] _references;
    private readonly UInt128[] _names;
    private readonly bool[] _named;
    private readonly Stack<int> _free;
    private readonly bool[] _twin;
    private readonly int _turnBlocks;
    private readonly EvictionOrder _cached;
    private readonly Dictionary<UInt128, int> _byName;

    /// <param name="count">Blocks of the engine's KV memory.</param>
    /// <param name="blockTokens">Token positions of a block.</param>
    public KvBlockPool(int count, int blockTokens = KvBlockHasher.BlockTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockTokens);
        Count = count;
        _references = new int[count];
        _names = new UInt128[count];
        _named = new bool[count];
        _twin = new bool[count];
        _turnBlocks = TurnTokens / blockTokens;
        _cached = new EvictionOrder(count);
        _byName = new Dictionary<UInt128, int>(count);
        _free = new Stack<int>(count);
        for (int block = count - 1; block >= 0; block--)
        {
            _free.Push(block);
        }
    }

    /// <summary>Blocks in all.</summary>
    public int Count { get; }

    /// <summary>Blocks that can be allocated now: the free and the cached ones.</summary>
    public int Available => _free.Count + _cached.Count;

    /// <summary>Blocks without a holder that still serve as prefix cache.</summary>
    public int Cached => _cached.Count;

    /// <summary>Blocks that have a holder.</summary>
    public int Held => Count - Available;

    /// <summary>Names that a lookup finds now, held or cached, in no particular order.</summary>
    public IReadOnlyCollection<UInt128> Names => _byName.Keys;

    /// <summary>Told when a name becomes findable (true) and when its block is evicted (false).</summary>
    public Action<UInt128, bool>? NameChanged { get; set; }

    /// <summary>
    /// Told who is evicted, by name and block, when its block is about to be given away: the content is still there until this returns, for whoever
    /// keeps it elsewhere.
    /// </summary>
    public Action<UInt128, int>? Evicting { get; set; }

    /// <summary>References in all: what holders think that they hold has to come to this.</summary>
    public long References { get; private set; }

    /// <summary>Takes a reference on each of the longest run of named blocks that a chain of names begins with.</summary>
    /// <param name="names">The chain, from the first block on.</param>
    /// <param name="blocks">Receives the blocks; at least as long as <paramref name="names"/>.</param>
    /// <returns>How many were found.</returns>
    public int AcquirePrefix(ReadOnlySpan<UInt128> names, Span<int> blocks)
    {
        int found = 0;
        while (found < names.Length && _byName.TryGetValue(names[found], out int block))
        {
            if (_references[block]++ == 0)
            {
                _cached.Remove(block);
            }

            References++;
            _cached.Use(block);
            blocks[found++] = block;
        }

        return found;
    }

    /// <summary>Takes one more reference on blocks that are held, for another sequence with the same beginning. Shared blocks must not be written any more.</summary>
    public void Share(ReadOnlySpan<int> blocks)
    {
        foreach (int block in blocks)
        {
            ThrowUnlessHeld(block);
            _references[block]++;
            References++;
        }
    }

    /// <summary>How many blocks would come back if one holder after the other gave up its own.</summary>
    /// <param name="blocks">The next holder's.</param>
    /// <param name="givenUp">[Count] references that those before it would have given up; its own are added.</param>
    /// <returns>How many would have no holder any more.</returns>
    public int CountReturned(ReadOnlySpan<int> blocks, Span<int> givenUp)
    {
        int count = 0;
        foreach (int block in blocks)
        {
            ThrowUnlessHeld(block);
            count += ++givenUp[block] == _references[block] ? 1 : 0;
        }

        return count;
    }

    /// <summary>Takes blocks for new content, all or none.</summary>
    /// <returns>False if fewer are available; nothing has changed then.</returns>
    public bool TryAllocate(Span<int> blocks)
    {
        if (blocks.Length > Available)
        {
            return false;
        }

        for (int i = 0; i < blocks.Length; i++)
        {
            int block = _free.Count > 0 ? _free.Pop() : Evict();
            _references[block] = 1;
            References++;
            _twin[block] = false;
            blocks[i] = block;
        }

        return true;
    }

    /// <summary>Gives a held block's complete content its name, so that later requests find it. Keeps the older block where the name is taken.</summary>
    public void Publish(int block, UInt128 name)
    {
        ThrowUnlessHeld(block);
        if (_named[block])
        {
            return;
        }

        _names[block] = name;
        _twin[block] = !TryName(block);
    }

    /// <summary>
    /// Gives up one reference on each block of a chain. The last block goes first, so that it is also evicted first: a prefix outlives what
    /// was built on it.
    /// </summary>
    public void Release(ReadOnlySpan<int> blocks)
    {
        ChainReuse reuse = Judge(blocks);
        for (int i = blocks.Length - 1; i >= 0; i--)
        {
            int block = blocks[i];
            ThrowUnlessHeld(block);
            References--;
            if (--_references[block] > 0)
            {
                continue;
            }

            if (_named[block])
            {
                _cached.Add(block, i > 0 ? OwnerOf(blocks[i - 1]) : -1, reuse.ClassAt(i));
            }
            else
            {
                _free.Push(block);
            }
        }
    }

    /// <summary>Checks the invariants, and that there are as many references as the holders together hold.</summary>
    /// <exception cref="InvalidOperationException">One is broken; the message says which.</exception>
    public void CheckIntegrity(long heldByHolders)
    {
        CheckIntegrity();
        Require(References == heldByHolders, $"holders hold {heldByHolders} references but {References} are counted: blocks have leaked");
    }

    /// <summary>Checks the invariants.</summary>
    /// <exception cref="InvalidOperationException">One is broken; the message says which.</exception>
    public void CheckIntegrity()
    {
        int held = 0;
        int names = 0;
        long references = 0;
        for (int block = 0; block < Count; block++)
        {
            held += _references[block] > 0 ? 1 : 0;
            names += _named[block] ? 1 : 0;
            references += _references[block];
            Require(_references[block] >= 0, $"block {block} has {_references[block]} references");
            Require(!_named[block] || (_byName.TryGetValue(_names[block], out int owner) && owner == block), $"the name of block {block} does not lead to it");
            Require(_cached.Contains(block) == (_references[block] == 0 && _named[block]), $"block {block} is wrongly listed as cached or not");
        }

        string? fault = _cached.FindFault();
        Require(fault is null, $"{fault}");
        Require(names == _byName.Count, $"{names} named blocks but {_byName.Count} names");
        Require(references == References, $"blocks have {references} references but {References} are counted");
        Require(held == Held, $"{held} blocks have references but {Held} are counted as held");
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"KV block pool: {fault}.");
        }
    }

    /// <summary>Gives a block the name that it has noted, unless another one has it.</summary>
    private bool TryName(int block)
    {
        if (!_byName.TryAdd(_names[block], block))
        {
            return false;
        }

        _named[block] = true;
        _cached.Begin(block, _names[block]);
        NameChanged?.Invoke(_names[block], true);
        return true;
    }

    /// <summary>The block that a request's block leads to by its name: itself, or the older one with the same content; -1 without a name.</summary>
    private int OwnerOf(int block) => _named[block] ? block : _twin[block] ? _byName.GetValueOrDefault(_names[block], -1) : -1;

    /// <summary>
    /// Looks at the named part of a chain that is about to be released. Where the older block of the same content has been evicted meanwhile, the request's own takes the
    /// name over: what was built on it could not be found otherwise.
    /// </summary>
    private ChainReuse Judge(ReadOnlySpan<int> blocks)
    {
        Span<byte> uses = blocks.Length <= 256 ? stackalloc byte[blocks.Length] : new byte[blocks.Length];
        int length = 0;
        foreach (int block in blocks)
        {
            ThrowUnlessHeld(block);
            if (_twin[block] && TryName(block))
            {
                _twin[block] = false;
            }

            int owner = OwnerOf(block);
            if (owner < 0)
            {
                break;
            }

            _cached.Place(owner, length);
            uses[length++] = owner == block ? _cached.UsesOf(block) : Math.Max((byte)1, _cached.UsesOf(owner));
        }

        return ChainReuse.Judge(uses[..length], _turnBlocks);
    }

    private int Evict()
    {
        int block = _cached.RemoveFirst(_names);
        UInt128 name = _names[block];
        Evicting?.Invoke(name, block);
        _byName.Remove(name);
        _named[block] = false;
        NameChanged?.Invoke(name, false);
        return block;
    }

    private void ThrowUnlessHeld(int block)
    {
        if ((uint)block >= (uint)Count || _references[block] == 0)
        {
            throw new InvalidOperationException($"KV block pool: block {block} is not held.");
        }
    }
}
