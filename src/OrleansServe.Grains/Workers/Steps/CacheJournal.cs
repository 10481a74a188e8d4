using System.Collections.Immutable;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Grains.Workers.Steps;

/// <summary>What changed in a pool's cached names since the last report. Belongs to the engine's thread.</summary>
internal sealed class CacheJournal
{
    private readonly KvBlockPool _pool;
    private readonly Dictionary<UInt128, bool> _changes;
    private readonly int _limit;
    private bool _overflowed = true;

    public CacheJournal(KvBlockPool pool)
    {
        _pool = pool;
        _limit = pool.Count * 2;
        _changes = new Dictionary<UInt128, bool>(_limit);
        pool.NameChanged = Note;
    }

    /// <summary>The changes, or everything where asked for, or where too much has changed to keep.</summary>
    public (ImmutableArray<UInt128> Added, ImmutableArray<UInt128> Removed, bool Restarted) Drain(bool full)
    {
        bool restarted = full || _overflowed;
        ImmutableArray<UInt128> added = restarted ? [.. _pool.Names] : Select(added: true);
        ImmutableArray<UInt128> removed = restarted ? [] : Select(added: false);
        _changes.Clear();
        _overflowed = false;
        return (added, removed, restarted);
    }

    private void Note(UInt128 name, bool added)
    {
        if (_overflowed)
        {
            return;
        }

        // The last change of a name is the one that counts.
        _changes[name] = added;
        if (_changes.Count >= _limit)
        {
            _changes.Clear();
            _overflowed = true;
        }
    }

    private ImmutableArray<UInt128> Select(bool added)
    {
        ImmutableArray<UInt128>.Builder names = ImmutableArray.CreateBuilder<UInt128>();
        foreach ((UInt128 name, bool isAdded) in _changes)
        {
            if (isAdded == added)
            {
                names.Add(name);
            }
        }

        return names.ToImmutable();
    }
}
