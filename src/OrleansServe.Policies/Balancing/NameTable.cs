namespace OrleansServe.Policies.Balancing;

/// <summary>
/// Gives names small numbers, which are used again when a name has been taken out. Open addressing over slots of eight bytes, and the names apart in the order of
/// their numbers: those of one prompt were mostly added together, so that looking a prompt up costs one access far away for each name, where a dictionary costs several.
/// Hashed by <see cref="UInt128.GetHashCode"/>, which differs from process to process, since clients choose what is named.
/// </summary>
internal sealed class NameTable
{
    private const int LeastSlots = 1024;

    private readonly Stack<int> _freeNumbers = new();
    private UInt128[] _names = new UInt128[LeastSlots / 2];

    // The low half of a slot is a name's number plus one, 0 where it is empty; the high half is the name's hash.
    private ulong[] _slots = new ulong[LeastSlots];

    /// <summary>Names that are there.</summary>
    public int Count { get; private set; }

    /// <summary>Numbers that are or were in use: each is below this.</summary>
    public int NumberCount { get; private set; }

    /// <summary>The numbers in use, in no particular order.</summary>
    public IEnumerable<int> Numbers => _slots.Where(slot => slot != 0).Select(NumberIn);

    /// <summary>The name that has a number in use.</summary>
    public UInt128 NameOf(int number) => _names[number];

    /// <summary>A name's number, or -1.</summary>
    public int Find(UInt128 name)
    {
        uint hash = (uint)name.GetHashCode();
        ulong[] slots = _slots;
        int last = slots.Length - 1;
        for (int at = (int)hash & last; slots[at] != 0; at = (at + 1) & last)
        {
            if ((uint)(slots[at] >> 32) == hash && _names[NumberIn(slots[at])] == name)
            {
                return NumberIn(slots[at]);
            }
        }

        return -1;
    }

    /// <summary>Adds a name that is not there.</summary>
    /// <returns>Its number.</returns>
    public int Add(UInt128 name)
    {
        if (!_freeNumbers.TryPop(out int number))
        {
            number = NumberCount++;
        }

        // At most half full, so that runs stay short.
        if (++Count > _slots.Length / 2)
        {
            ulong[] before = _slots;
            _slots = new ulong[checked(before.Length * 2)];
            Array.Resize(ref _names, _slots.Length / 2);
            foreach (ulong slot in before)
            {
                if (slot != 0)
                {
                    Put(slot);
                }
            }
        }

        _names[number] = name;
        Put(((ulong)(uint)name.GetHashCode() << 32) | ((uint)number + 1));
        return number;
    }

    /// <summary>Takes a name out.</summary>
    /// <param name="number">Its number; must be in use.</param>
    public void Remove(int number)
    {
        int hole = _names[number].GetHashCode() & (_slots.Length - 1);
        while (NumberIn(_slots[hole]) != number)
        {
            hole = Next(hole);
        }

        // What stands behind moves up unless it would come before its home: no tombstones, so runs do not grow.
        for (int at = Next(hole); _slots[at] != 0; at = Next(at))
        {
            if (((at - HomeOf(_slots[at])) & (_slots.Length - 1)) >= ((at - hole) & (_slots.Length - 1)))
            {
                _slots[hole] = _slots[at];
                hole = at;
            }
        }

        _slots[hole] = 0;
        _freeNumbers.Push(number);
        Count--;
    }

    private static int NumberIn(ulong slot) => (int)(uint)slot - 1;

    private void Put(ulong slot)
    {
        int at = HomeOf(slot);
        while (_slots[at] != 0)
        {
            at = Next(at);
        }

        _slots[at] = slot;
    }

    private int HomeOf(ulong slot) => (int)(slot >> 32) & (_slots.Length - 1);

    private int Next(int at) => (at + 1) & (_slots.Length - 1);
}
