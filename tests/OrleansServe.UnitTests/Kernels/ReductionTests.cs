using OrleansServe.Kernels.Lanes;
using OrleansServe.Kernels.Reductions;
using Xunit;
using static OrleansServe.UnitTests.Kernels.KernelCases;

namespace OrleansServe.UnitTests.Kernels;

public sealed class ReductionTests
{
    private delegate float BlockOfScores(ref float scores, ref float max);

    public static TheoryData<int> LengthData => KernelCases.LengthData;

    [Theory]
    [MemberData(nameof(LengthData))]
    public void Sum_EveryWidth_EqualsScalarAndTheExactSum(int n)
    {
        var x = Vector(n, 1);
        var expected = Sum.ExecuteScalar(x);
        AssertSameBits(
            [expected, expected, expected, expected],
            [Sum.Execute(x), Sum.Execute<Lanes512>(x), Sum.Execute<Lanes256>(x), Sum.Execute<Lanes128>(x)]);
        Assert.Equal(x.Sum(v => (double)v), expected, 1e-3);
    }

    [Theory]
    [MemberData(nameof(LengthData))]
    public void SumOfSquares_EveryWidth_EqualsScalarAndTheExactSum(int n)
    {
        var x = Vector(n, 2);
        var expected = SumOfSquares.ExecuteScalar(x);
        AssertSameBits(
            [expected, expected, expected, expected],
            [SumOfSquares.Execute(x), SumOfSquares.Execute<Lanes512>(x), SumOfSquares.Execute<Lanes256>(x), SumOfSquares.Execute<Lanes128>(x)]);
        Assert.Equal(x.Sum(v => (double)v * v), expected, 1e-2);
    }

    [Theory]
    [MemberData(nameof(LengthData))]
    public void RunningSoftmax_AnyLengthAndWidth_EqualsScalar(int n)
    {
        foreach (var before in new[] { float.NegativeInfinity, 0.5f, 50f, float.NaN })
        {
            float[] expected = Vector(n, 4), actual = [.. expected];
            var (max, actualMax) = (before, before);
            var sum = RunningSoftmax.ExecuteScalar(expected, ref max);
            var actualSum = RunningSoftmax.Execute(actual, ref actualMax);
            AssertSameBits([sum, max, .. expected], [actualSum, actualMax, .. actual]);
        }
    }

    [Fact]
    public void RunningSoftmax_BlockOnEveryWidth_EqualsScalar()
    {
        foreach (var special in new[] { 0.25f, float.NaN, float.NegativeInfinity, 1000f })
        {
            float[] expected = Vector(64, 5);
            expected[37] = special;
            float[] start = [.. expected];
            var max = 0.125f;
            var sum = RunningSoftmax.ExecuteScalar(expected, ref max);
            Check(RunningSoftmax.ExecuteBlock<Lanes512>);
            Check(RunningSoftmax.ExecuteBlock<Lanes256>);
            Check(RunningSoftmax.ExecuteBlock<Lanes128>);

            void Check(BlockOfScores block)
            {
                float[] actual = [.. start];
                var actualMax = 0.125f;
                var actualSum = block(ref actual[0], ref actualMax);
                AssertSameBits([sum, max, .. expected], [actualSum, actualMax, .. actual]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(LengthData))]
    public void Maximum_EveryWidth_FindsTheLargest(int n)
    {
        var x = Vector(n, 3);
        var expected = x.Max();
        AssertSameBits(
            [expected, expected, expected, expected, expected],
            [Maximum.ExecuteScalar(x), Maximum.Execute(x), Maximum.Execute<Lanes512>(x), Maximum.Execute<Lanes256>(x), Maximum.Execute<Lanes128>(x)]);
        x[n / 2] = float.NaN;
        foreach (var max in new[] { Maximum.ExecuteScalar(x), Maximum.Execute<Lanes512>(x), Maximum.Execute<Lanes256>(x), Maximum.Execute<Lanes128>(x) })
        {
            Assert.True(float.IsNaN(max));
        }
    }

    [Theory]
    [MemberData(nameof(LengthData))]
    public void RmsNorm_EveryWidth_EqualsScalar(int n)
    {
        float[] x = Vector(n, 4), w = Vector(n, 5), expected = new float[n], actual = new float[n];
        var squares = RmsNorm.ExecuteScalar(x, w, 1e-6f, expected);
        foreach (var run in new Func<float>[]
        {
            () => RmsNorm.Execute(x, w, 1e-6f, actual), () => RmsNorm.Execute<Lanes512>(x, w, 1e-6f, actual),
            () => RmsNorm.Execute<Lanes256>(x, w, 1e-6f, actual), () => RmsNorm.Execute<Lanes128>(x, w, 1e-6f, actual),
        })
        {
            Array.Clear(actual);
            Assert.Equal(squares, run());
            AssertSameBits(expected, actual);
        }

        var rms = Math.Sqrt(x.Average(v => (double)v * v) + 1e-6);
        Assert.Equal(x[n - 1] / rms * w[n - 1], expected[n - 1], 1e-5);
    }

    [Fact]
    public void RmsNorm_NotFinite_ReturnsNotFinite()
    {
        var x = Vector(40, 1);
        x[33] = float.NaN;
        Assert.False(float.IsFinite(RmsNorm.Execute(x, Vector(40, 2), 1e-6f, new float[40])));
        x[33] = float.PositiveInfinity;
        Assert.False(float.IsFinite(RmsNorm.Execute(x, Vector(40, 2), 1e-6f, new float[40])));
    }

    [Theory]
    [MemberData(nameof(LengthData))]
    public void Softmax_Vector_EqualsScalarAndSumsToOne(int n)
    {
        float[] x = Vector(n, 6, 10f), expected = new float[n], actual = new float[n];
        Softmax.ExecuteScalar(x, expected);
        Softmax.Execute(x, actual);
        AssertSameBits(expected, actual);
        Assert.Equal(1.0, actual.Sum(v => (double)v), 1e-5);
    }

    [Fact]
    public void ArgMax_Tie_GivesLowestIndex()
    {
        Assert.Equal(1, ArgMax.Execute([-3f, 2f, 1f, 2f]));
        Assert.Equal(1, ArgMax.ExecuteScalar([-3f, 2f, 1f, 2f]));
        Assert.Throws<ArgumentException>(() => ArgMax.Execute([]));
        Assert.Throws<ArgumentException>(() => ArgMax.Execute([1f, float.NaN]));
    }
}
