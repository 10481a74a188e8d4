using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Lanes;
using OrleansServe.Kernels.Products;
using Xunit;
using static OrleansServe.UnitTests.Kernels.KernelCases;

namespace OrleansServe.UnitTests.Kernels;

public sealed class ProductTests
{
    public static TheoryData<int> LengthData => KernelCases.LengthData;

    [Theory]
    [MemberData(nameof(LengthData))]
    public void MatMul_EveryWidthAndFormat_EqualsScalar(int columns)
    {
        foreach (var (rows, outputs) in new[] { (1, 1), (1, 9), (2, 5), (3, 4), (4, 8), (7, 11) })
        {
            int xStride = columns + 3, yStride = outputs + 2;
            float[] x = Vector(((rows - 1) * xStride) + columns, 1), w = Vector(outputs * columns, 2);
            var narrow = BFloat16(w);
            var widened = Array.ConvertAll(narrow, WidenBFloat16.Scalar);
            float[] expected = Filled(), fromNarrow = Filled(), actual;
            MatMul.ExecuteScalar(x, xStride, rows, widened.AsSpan(), columns, expected, yStride);
            MatMul.ExecuteScalar(x, xStride, rows, narrow.AsSpan(), columns, fromNarrow, yStride);
            AssertSameBits(expected, fromNarrow);
            Near(x, xStride, widened, columns, expected, yStride, rows, outputs);

            AssertSameBits(expected, Run(y => MatMul.Execute(x, xStride, rows, narrow.AsSpan(), columns, y, yStride)));
            AssertSameBits(expected, Run(y => MatMul.Execute(x, xStride, rows, widened.AsSpan(), columns, y, yStride)));
            AssertSameBits(expected, Run(y => MatMul.Execute<Lanes512, BFloat16Weights, ushort>(x, xStride, rows, narrow, columns, y, yStride)));
            AssertSameBits(expected, Run(y => MatMul.Execute<Lanes256, BFloat16Weights, ushort>(x, xStride, rows, narrow, columns, y, yStride)));
            AssertSameBits(expected, Run(y => MatMul.Execute<Lanes128, BFloat16Weights, ushort>(x, xStride, rows, narrow, columns, y, yStride)));
            AssertSameBits(expected, Run(y => MatMul.Execute<Lanes512, SingleWeights, float>(x, xStride, rows, widened, columns, y, yStride)));
            AssertSameBits(expected, Run(y => MatMul.Execute<Lanes256, SingleWeights, float>(x, xStride, rows, widened, columns, y, yStride)));
            AssertSameBits(expected, Run(y => MatMul.Execute<Lanes128, SingleWeights, float>(x, xStride, rows, widened, columns, y, yStride)));

            float[] Filled()
            {
                var y = new float[((rows - 1) * yStride) + outputs];
                Array.Fill(y, 123f);
                return y;
            }

            float[] Run(Action<float[]> product)
            {
                actual = Filled();
                product(actual);
                return actual;
            }
        }
    }

    [Fact]
    public void MatMul_RowAmongMany_EqualsRowAlone()
    {
        const int Columns = 7168, Rows = 41, Outputs = 6;
        float[] x = Vector(Rows * Columns, 1), w = Vector(Outputs * Columns, 2);
        float[] together = new float[Rows * Outputs], alone = new float[Outputs];
        MatMul.Execute(x, Columns, Rows, w.AsSpan(), Columns, together, Outputs);
        for (var row = 0; row < Rows; row++)
        {
            MatMul.Execute(x.AsSpan(row * Columns, Columns), Columns, 1, w.AsSpan(), Columns, alone, Outputs);
            AssertSameBits(alone, together.AsSpan(row * Outputs, Outputs));
        }
    }

    [Fact]
    public void MatMul_CutOutputs_EqualWhole()
    {
        const int Columns = 100, Rows = 5, Outputs = 23;
        float[] x = Vector(Rows * Columns, 1), w = Vector(Outputs * Columns, 2);
        float[] whole = new float[Rows * Outputs], cut = new float[Rows * Outputs];
        MatMul.Execute(x, Columns, Rows, w.AsSpan(), Columns, whole, Outputs);
        for (var (start, size) = (0, 1); start < Outputs; start += size, size++)
        {
            size = Math.Min(size, Outputs - start);
            MatMul.Execute(x, Columns, Rows, w.AsSpan(start * Columns, size * Columns), Columns, cut.AsSpan(start), Outputs);
        }

        AssertSameBits(whole, cut);
    }

    [Fact]
    public void MatMul_ShapesDoNotFit_Throws()
    {
        Assert.Throws<ArgumentException>(() => MatMul.Execute(new float[9], 5, 2, new float[20].AsSpan(), 5, new float[8], 4));
        Assert.Throws<ArgumentException>(() => MatMul.Execute(new float[10], 5, 2, new float[20].AsSpan(), 5, new float[7], 4));
        Assert.Throws<ArgumentException>(() => MatMul.Execute(new float[10], 5, 2, new float[21].AsSpan(), 5, new float[8], 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => MatMul.Execute(new float[10], 4, 2, new float[20].AsSpan(), 5, new float[8], 4));
    }

    [Theory]
    [MemberData(nameof(LengthData))]
    public void WeightedRows_EveryWidth_EqualsScalar(int width)
    {
        foreach (var (heads, count) in new[] { (1, 1), (3, 64), (4, 5), (6, 63), (9, 64), (11, 7) })
        {
            int pStride = 64, vStride = width + 5;
            float[] p = Vector(heads * pStride, 1), v = Vector(count * vStride, 2), start = Vector(heads * width, 3);
            float[] expected = [.. start];
            WeightedRows.ExecuteScalar(p, pStride, v, vStride, count, expected, width);
            AssertSameBits(expected, Run(s => WeightedRows.Execute(p, pStride, v, vStride, count, s, width)));
            AssertSameBits(expected, Run(s => WeightedRows.Execute<Lanes512>(p, pStride, v, vStride, count, s, width)));
            AssertSameBits(expected, Run(s => WeightedRows.Execute<Lanes256>(p, pStride, v, vStride, count, s, width)));
            AssertSameBits(expected, Run(s => WeightedRows.Execute<Lanes128>(p, pStride, v, vStride, count, s, width)));
            double exact = start[^1];
            for (var t = 0; t < count; t++)
            {
                exact += (double)p[((heads - 1) * pStride) + t] * v[(t * vStride) + width - 1];
            }

            Assert.Equal(exact, expected[^1], 1e-4);

            float[] Run(Action<float[]> add)
            {
                float[] sums = [.. start];
                add(sums);
                return sums;
            }
        }
    }

    private static void Near(float[] x, int xStride, float[] w, int columns, float[] y, int yStride, int rows, int outputs)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var output = 0; output < outputs; output++)
            {
                double exact = 0;
                for (var i = 0; i < columns; i++)
                {
                    exact += (double)x[(row * xStride) + i] * w[(output * columns) + i];
                }

                Assert.Equal(exact, y[(row * yStride) + output], 1e-3);
            }
        }
    }
}
