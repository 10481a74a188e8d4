namespace OrleansServe.Policies.KvBlocks;

/// <summary>Blocks by their stamp, the smallest first: a binary heap that knows every block's place, so that any of them can be taken out. Allocates nothing after the construction.</summary>
/// <param name="stamps">[blocks] what they are ordered by; must not change for a block that is in the heap.</param>
/// <param name="places">[blocks] where each is. Heaps that share it hold different blocks.</param>
internal sealed class StampHeap(long[] stamps, int[] places)
{
    private readonly int[] _blocks = new int[stamps.Length];

    public int Count { get; private set; }

    /// <summary>The block with the smallest stamp. The heap must not be empty.</summary>
    public int First => _blocks[0];

    public bool Contains(int block) => places[block] < Count && _blocks[places[block]] == block;

    public void Add(int block) => Rise(Count++, block);

    public void Remove(int block)
    {
        int place = places[block];
        int last = _blocks[--Count];
        if (last == block)
        {
            return;
        }

        if (place > 0 && stamps[last] < stamps[_blocks[(place - 1) / 2]])
        {
            Rise(place, last);
        }
        else
        {
            Sink(place, last);
        }
    }

    private void Rise(int place, int block)
    {
        while (place > 0)
        {
            int above = (place - 1) / 2;
            if (stamps[_blocks[above]] <= stamps[block])
            {
                break;
            }

            Put(place, _blocks[above]);
            place = above;
        }

        Put(place, block);
    }

    private void Sink(int place, int block)
    {
        while (true)
        {
            int below = (2 * place) + 1;
            if (below >= Count)
            {
                break;
            }

            if (below + 1 < Count && stamps[_blocks[below + 1]] < stamps[_blocks[below]])
            {
                below++;
            }

            if (stamps[_blocks[below]] >= stamps[block])
            {
                break;
            }

            Put(place, _blocks[below]);
            place = below;
        }

        Put(place, block);
    }

    private void Put(int place, int block)
    {
        _blocks[place] = block;
        places[block] = place;
    }
}
