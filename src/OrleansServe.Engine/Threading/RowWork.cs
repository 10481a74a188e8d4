namespace OrleansServe.Engine.Threading;

/// <summary>Work on rows, a few of them to a part.</summary>
/// <param name="body">does the rows from the first to before the second argument; the third is the thread</param>
internal sealed class RowWork(Action<int, int, int> body) : ParallelWork
{
    private const int RowsPerPart = 4;
    private RowRange _rows;

    public void Run(ComputePool pool, int rows) => Run(pool, new RowRange(0, rows));

    public void Run(ComputePool pool, RowRange rows)
    {
        _rows = rows;
        pool.Run(this, (rows.Count + RowsPerPart - 1) / RowsPerPart);
    }

    public override void Execute(int part, int worker)
    {
        var first = _rows.First + (part * RowsPerPart);
        body(first, Math.Min(first + RowsPerPart, _rows.End), worker);
    }
}
