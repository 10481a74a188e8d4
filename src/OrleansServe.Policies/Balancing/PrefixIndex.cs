using System.Numerics;

namespace OrleansServe.Policies.Balancing;

/// <summary>
/// Which worker has which KV block: one lookup for each block of a prompt, however many workers there are. It holds what the workers report, no more and no less;
/// names that nobody holds any longer are remembered for a while, as a hint where their prompt was served.
/// </summary>
/// <remarks>Workers have slots: small numbers that are used again when a worker has gone. Each name has
/// two sets of slots side by side, as bit masks: who holds it, who knows it.</remarks>
internal sealed class PrefixIndex
{
    private const int SlotsPerWord = 64;
    private const int LeastRemembered = 1024;
    private const int RememberedPerHeld = 2;

    private readonly NameTable _names = new();
    private readonly Queue<(UInt128 Name, long Stamp)> _remembered = new();
    private long[] _unheldSince = [];
    private ulong[] _slots = new ulong[1];
    private ulong[] _masks = [];
    private long[] _unique = [];
    private int _held;
    private long _clock;

    /// <summary>Slots that matches need room for: one more than the largest in use.</summary>
    public int SlotCount { get; private set; }

    /// <summary>Names that some worker holds.</summary>
    public int HeldNames => _held;

    /// <summary>Names that nobody holds and that are still remembered.</summary>
    public int RememberedNames => _names.Count - _held;

    private int Words => _slots.Length;

    /// <summary>Names that a worker holds and no other.</summary>
    public long UniqueNames(int slot) => _unique[slot];

    /// <summary>Gives a new worker, which holds nothing, the smallest free slot.</summary>
    public int AddWorker()
    {
        int word = Array.FindIndex(_slots, bits => bits != ulong.MaxValue);
        if (word < 0)
        {
            word = Words;
            Widen();
        }

        int bit = BitOperations.TrailingZeroCount(~_slots[word]);
        _slots[word] |= 1UL << bit;
        int slot = (word * SlotsPerWord) + bit;
        SlotCount = Math.Max(SlotCount, slot + 1);
        if (slot >= _unique.Length)
        {
            Array.Resize(ref _unique, Words * SlotsPerWord);
        }

        return slot;
    }

    /// <summary>Forgets a worker and all that it holds or knows.</summary>
    public void RemoveWorker(int slot)
    {
        Clear(slot);
        (int word, ulong mask) = Split(slot);
        _slots[word] &= ~mask;
    }

    /// <summary>Forgets all that a worker holds or knows.</summary>
    public void Clear(int slot)
    {
        (int word, ulong mask) = Split(slot);
        List<UInt128> held = [];
        foreach (int entry in _names.Numbers)
        {
            KnowersOf(entry)[word] &= ~mask;
            if ((HoldersOf(entry)[word] & mask) != 0)
            {
                held.Add(_names.NameOf(entry));
            }
        }

        foreach (UInt128 name in held)
        {
            Drop(slot, name);
        }
    }

    /// <summary>A worker has a block now.</summary>
    public void Hold(int slot, UInt128 name)
    {
        (int word, ulong mask) = Split(slot);
        int entry = _names.Find(name);
        if (entry < 0)
        {
            entry = NewEntry(name);
        }

        if (_unheldSince[entry] != 0)
        {
            _unheldSince[entry] = 0;
            _held++;
        }

        Span<ulong> holders = HoldersOf(entry);
        if ((holders[word] & mask) == 0)
        {
            Count(holders, -1);
            holders[word] |= mask;
            Count(holders, 1);
        }

        KnowersOf(entry)[word] |= mask;
    }

    /// <summary>A worker has a block no more. One that it did not have is fine.</summary>
    public void Drop(int slot, UInt128 name)
    {
        (int word, ulong mask) = Split(slot);
        int entry = _names.Find(name);
        if (entry < 0 || (HoldersOf(entry)[word] & mask) == 0)
        {
            return;
        }

        Span<ulong> holders = HoldersOf(entry);
        Count(holders, -1);
        holders[word] &= ~mask;
        Count(holders, 1);
        if (holders.ContainsAnyExcept(0UL))
        {
            return;
        }

        _held--;
        _unheldSince[entry] = ++_clock;
        _remembered.Enqueue((name, _clock));
        ForgetOldest();
    }

    /// <summary>Looks a prompt up.</summary>
    /// <param name="names">Names of its blocks, from the first on.</param>
    /// <param name="matches">[<see cref="SlotCount"/>] receives what each worker has of it.</param>
    public void Match(ReadOnlySpan<UInt128> names, Span<PrefixMatch> matches)
    {
        matches = matches[..SlotCount];
        matches.Clear();
        Span<ulong> holding = stackalloc ulong[Words];
        Span<ulong> knowing = stackalloc ulong[Words];
        _slots.CopyTo(holding);
        _slots.CopyTo(knowing);
        int depth = 0;
        while (depth < names.Length && _names.Find(names[depth]) is >= 0 and var entry)
        {
            ulong left = 0;
            ReadOnlySpan<ulong> holders = HoldersOf(entry);
            ReadOnlySpan<ulong> knowers = KnowersOf(entry);
            for (int word = 0; word < holding.Length; word++)
            {
                ulong lost = holding[word] & ~holders[word];
                ulong forgotten = knowing[word] & ~knowers[word];
                holding[word] &= ~lost;
                knowing[word] &= ~forgotten;
                left |= knowing[word];
                if ((lost | forgotten) != 0)
                {
                    Settle(matches, word, lost, forgotten, depth);
                }
            }

            if (left == 0)
            {
                return;
            }

            depth++;
        }

        for (int word = 0; word < holding.Length; word++)
        {
            Settle(matches, word, holding[word], knowing[word], depth);
        }
    }

    private static (int Word, ulong Mask) Split(int slot) => (slot / SlotsPerWord, 1UL << (slot % SlotsPerWord));

    private static void Settle(Span<PrefixMatch> matches, int word, ulong holding, ulong knowing, int depth)
    {
        for (ulong bits = holding; bits != 0; bits &= bits - 1)
        {
            int slot = (word * SlotsPerWord) + BitOperations.TrailingZeroCount(bits);
            matches[slot] = matches[slot] with { Held = depth };
        }

        for (ulong bits = knowing; bits != 0; bits &= bits - 1)
        {
            int slot = (word * SlotsPerWord) + BitOperations.TrailingZeroCount(bits);
            matches[slot] = matches[slot] with { Known = depth };
        }
    }

    /// <summary>Counts a name for its holder, if there is just one.</summary>
    private void Count(ReadOnlySpan<ulong> holders, int change)
    {
        int sole = -1;
        for (int word = 0; word < holders.Length; word++)
        {
            ulong bits = holders[word];
            if (bits == 0)
            {
                continue;
            }

            if (sole >= 0 || (bits & (bits - 1)) != 0)
            {
                return;
            }

            sole = (word * SlotsPerWord) + BitOperations.TrailingZeroCount(bits);
        }

        if (sole >= 0)
        {
            _unique[sole] += change;
        }
    }

    private Span<ulong> HoldersOf(int entry) => _masks.AsSpan(entry * 2 * Words, Words);

    private Span<ulong> KnowersOf(int entry) => _masks.AsSpan(((entry * 2) + 1) * Words, Words);

    /// <summary>An entry without holders or knowers.</summary>
    private int NewEntry(UInt128 name)
    {
        int entry = _names.Add(name);
        if (entry >= _unheldSince.Length)
        {
            int length = checked(Math.Max(LeastRemembered, entry * 2));
            Array.Resize(ref _unheldSince, length);
            Array.Resize(ref _masks, checked(length * 2 * Words));
        }

        _unheldSince[entry] = ++_clock;
        return entry;
    }

    private void ForgetOldest()
    {
        while (_remembered.Count > LeastRemembered + ((long)RememberedPerHeld * _held))
        {
            // One that was held again since is none of this queue's business any more.
            (UInt128 name, long stamp) = _remembered.Dequeue();
            int entry = _names.Find(name);
            if (entry >= 0 && _unheldSince[entry] == stamp)
            {
                KnowersOf(entry).Clear();
                _names.Remove(entry);
            }
        }
    }

    private void Widen()
    {
        int words = Words + 1;
        ulong[] masks = new ulong[checked(_masks.Length / Words * words)];
        for (int set = 0; set < _masks.Length / Words; set++)
        {
            _masks.AsSpan(set * Words, Words).CopyTo(masks.AsSpan(set * words));
        }

        _masks = masks;
        Array.Resize(ref _slots, words);
    }
}
